"""The doors for facts."""
