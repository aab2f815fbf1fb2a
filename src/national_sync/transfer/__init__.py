"""The transfer of a volunteer from one team to another (clauses X1-X3): asked for, checked, carried out step by step."""
