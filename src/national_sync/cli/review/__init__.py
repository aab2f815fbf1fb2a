"""`national-sync mismatch review`: deciding mismatches on the full screen, one key a choice."""
