"""Verification: everything stored is computed again from the raw rows, by code that is independent of the engine."""

from reporting.verification.findings import Check, Finding, Verification
from reporting.verification.verify import ALL_CHECKS, verify

__all__ = ("ALL_CHECKS", "Check", "Finding", "Verification", "verify")
