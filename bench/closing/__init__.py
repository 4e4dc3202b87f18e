"""The benchmark of the closing: how long each step takes on a generated year, and how much memory."""
