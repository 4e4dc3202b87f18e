"""Payment runs: proposed from what is owed, changed, released by a second person, issued, written to files.

A run's payments are acts like any other: a file of them goes the ordinary way into the journal, and only what was accepted
there is written to a payment file.
"""
