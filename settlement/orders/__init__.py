"""Payment orders for the bank: texts, identifiers, pain.001 files, and the outbox they are written to."""
