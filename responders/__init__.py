"""Who does something about it: an open, unacknowledged incident always has something due."""
