"""Tests of the generated year, the sample nomenclature and the benchmarks."""
