"""The people who act for the office: their accounts, what they may do, and who is logged in."""
