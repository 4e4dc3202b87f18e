"""The engine: the book, the decision, the pipeline and the store."""
