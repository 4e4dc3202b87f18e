"""Payments: runs, payment files (pain.001), status reports (pain.002), bank files, reconciliation, late interest."""
