"""Readers of the files that banks send."""
