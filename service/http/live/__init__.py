"""The live page: who may see it, and what is broadcast."""
