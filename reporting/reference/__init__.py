"""Reference data before they are loaded: the faults of a folder, its changes, and what depends on what it removes."""
