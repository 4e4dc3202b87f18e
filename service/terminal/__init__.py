"""The terminal: console, progress, live view and signals."""
