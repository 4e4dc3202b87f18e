"""Reference data: what the shipped files say, and what the loaders refuse."""
