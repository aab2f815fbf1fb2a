"""The port to the national side and the registry of its adapters."""
