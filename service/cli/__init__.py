"""The command line: one module per command. Slow imports happen only when the command is called."""
