"""The generator of the State's year, and benchmarks; each verifies its results before it measures the time."""
