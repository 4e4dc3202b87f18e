"""The database: the embedded server or a given one, connections, sessions and index maintenance."""
