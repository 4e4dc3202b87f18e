"""The engine's parts: rows, cells, figures, progress, pages, and the book that comes back from the database."""
