"""Payment orders written for the bank."""
