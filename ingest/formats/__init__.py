"""File formats: detection, and decoding into columns."""
