"""The State's year and the sample nomenclature, as they are generated."""
