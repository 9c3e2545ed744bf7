"""`fenghuo backtest`: reading, answering, and the report."""
