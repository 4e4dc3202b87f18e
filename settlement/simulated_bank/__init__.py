"""A bank to try things on: it moves what payment files ask, sends some of it back, and says so as real banks do.

The same files and seed give the same answers, byte for byte.
"""
