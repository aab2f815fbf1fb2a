"""Teams, who is in them, and who leads them: clause X2 and order 67."""
