"""One module a command; what is slow to import waits until the command is called."""
