"""Late interest, proposed without being asked for: acts like any other, which the next payment run pays."""
