"""The book in memory: balances, registries and their checkpoint."""
