"""Recording hours here: entering them by the national rules, when they are due, and what is asked about them later."""
