"""The log file on its own, and under Faust."""
