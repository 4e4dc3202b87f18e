"""Load: the State's year, and the benchmarks that verify before they time."""
