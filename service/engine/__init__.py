"""The engine as a process: file processing, imports, standby and shutdown."""
