"""Tests: honest ones, against a real PostgreSQL and real files."""
