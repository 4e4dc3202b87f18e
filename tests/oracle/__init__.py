"""The slow, plain twins of the kernels: dicts and unbounded ints, sharing no code with what they judge."""
