"""national-sync keeps a city volunteer platform and the national system in agreement."""
