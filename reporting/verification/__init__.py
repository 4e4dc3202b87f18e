"""Verification: everything stored is computed again from the raw rows, by code that is independent of the engine."""

from reporting.verification.findings import Check, Finding, Verification
from reporting.verification.verify import verify

__all__ = ("Check", "Finding", "Verification", "verify")
