"""Benchmarks of the decision kernels alone."""
