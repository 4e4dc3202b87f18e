"""The store: the schema's migrations, and the PostgreSQL database that commits batches in order."""
