"""The load benchmark: thousands of connections send forms, and files beside them, to a running service."""
