"""Late interest: claims for late payments, as acts that the next payment run pays."""
