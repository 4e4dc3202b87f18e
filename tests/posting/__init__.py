"""Tests of the engine: rows, cells, figures, progress, pages, and the book restored from the database."""
