"""Payment runs: proposed from open payables, edited, released by a second person, issued, and written to payment files.

The payments of a run are acts like any other: the engine processes a file of them, and only accepted acts are written to a
payment file.
"""
