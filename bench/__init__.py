"""The generator of the State's year, and benchmarks that verify their results before they time them."""
