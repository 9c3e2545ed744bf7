"""Ways to reach an officer: one small interface, and a second, optional one for channels that can be asked."""
