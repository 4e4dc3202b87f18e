"""Tables of columns that the packages exchange."""
