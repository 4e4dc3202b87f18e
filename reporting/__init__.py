"""Reports on the journal, the history of an act, and the verification of all that is stored."""
