"""Ingestion of files and forms: spooling, validation against the envelope, and resolution of lines into acts."""
