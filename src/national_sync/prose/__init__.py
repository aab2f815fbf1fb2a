"""What people read about runs and records: words, columns and reports, without any machinery behind them."""
