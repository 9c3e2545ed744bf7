"""`fenghuo backtest`: a history read from files or topics, what would have been on the terminal, and as a report."""
