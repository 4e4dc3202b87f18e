"""Where the journal is kept: the schema's migrations, and the PostgreSQL that commits batches in order."""
