"""Becoming a volunteer: the form, its approval, its way to the national side, the card."""
