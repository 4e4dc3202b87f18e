"""Received files on disk: stored once, locked, and described by their envelopes."""
