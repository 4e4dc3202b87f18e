"""The plain and slow twins of the kernels: dicts and unbounded ints, without code in common with the kernels."""
