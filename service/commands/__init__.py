"""One module a command; each imports what is slow when it is called, so that the command line starts quickly."""
