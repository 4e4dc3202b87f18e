"""What the journal says: verification, trial balance, budget execution, refusals, the life of an act."""
