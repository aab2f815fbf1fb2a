"""Printed forms: a template of ours and data of somebody else's become a PDF."""
