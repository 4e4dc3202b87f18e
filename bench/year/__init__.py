"""The generator of the State's year: third parties, budget, and the acts of each month."""
