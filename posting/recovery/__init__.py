"""Recovery: load a checkpoint and replay the journal behind it."""
