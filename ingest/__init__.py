"""The door: files are spooled, proved against their envelopes, and read as lines of the flat act format."""
