"""The queue of submissions: admission, order, and the batches that the engine processes."""
