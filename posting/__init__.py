"""The engine: the book in memory, the evaluation of batches, the commit pipeline and the PostgreSQL store."""
