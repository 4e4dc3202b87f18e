"""``crescendo bench``: figures that were verified before they were timed."""
