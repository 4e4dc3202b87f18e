"""The load benchmark: thousands of connections that send forms and files to a running service."""
