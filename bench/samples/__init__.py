"""Scripts that write the sample reference data."""
