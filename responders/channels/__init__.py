"""Ways to reach an officer: one small interface, and a second one for channels that can be asked."""
