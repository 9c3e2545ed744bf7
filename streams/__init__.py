"""How facts travel: nothing is acknowledged before its state and its alerts are safely on the log."""
