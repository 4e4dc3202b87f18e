"""Proof from the raw rows: all that is stored is computed again, by another path than the engine's."""

from reporting.verification.findings import Check, Finding, Verification
from reporting.verification.verify import verify

__all__ = ("Check", "Finding", "Verification", "verify")
