"""What only reads: connection, setup, reconciling, backtests, history."""
