"""How long payments took, and what is due for those that came late: measured from the journal, for whoever asks."""
