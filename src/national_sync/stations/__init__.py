"""Service stations and the hours recorded at them: clause S6."""
