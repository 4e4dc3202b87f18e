"""The terminal: printed output, progress, the live view, and signals such as Ctrl-C."""
