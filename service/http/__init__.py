"""The HTTP service: what is asked comes in here, what is decided goes out; it decides nothing itself."""
