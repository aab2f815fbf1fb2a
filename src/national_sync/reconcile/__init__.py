"""The operator's morning: finding mismatches, understanding them, settling them, taking a decision back."""
