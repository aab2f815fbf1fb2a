"""Reports for the office: what happened in the night, on one page."""
