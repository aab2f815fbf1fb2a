"""The adapter for the national volunteer service information system over HTTP."""
