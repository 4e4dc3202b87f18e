"""The book in memory: items, keys, balances and reference numbers, and its checkpoints."""
