"""Benchmarks of payments: payment runs, payment files and bank statements."""
