"""The engine as a process: file processing, bank imports, payment runs, standby and shutdown."""
