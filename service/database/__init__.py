"""The database: embedded or given, connections, sessions and maintenance."""
