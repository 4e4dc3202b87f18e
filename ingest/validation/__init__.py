"""Validation of a whole file before any of its lines counts."""
