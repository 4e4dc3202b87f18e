"""A simulated bank for tests and demonstrations: it executes payment files, returns some transfers, and reports as banks do.

The same files and seed give the same responses, byte for byte.
"""
