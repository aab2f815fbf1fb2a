"""Trainings, who attended them, and who has not been trained: clauses T1 and S3."""
