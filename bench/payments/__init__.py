"""Benchmarks of payment runs, payment files and bank statements."""
