"""What channels do: one conformance suite, and their pure parts."""
