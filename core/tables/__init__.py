"""The tables of columns that the packages exchange."""
