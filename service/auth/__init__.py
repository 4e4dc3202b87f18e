"""Who may do what: keys, roles, perimeters, and the trail of who tried what they may not."""
