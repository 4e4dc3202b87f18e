"""The receipt of a submission: the outcome of every line, and the hash that proves it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from core.outcome_codes import Outcome
from core.remedies import REMEDIES
from reporting.refusals import Language, select_language

OUTCOMES = ("accepted", "duplicate", "refused", "suspended")


class OutcomeTotals(msgspec.Struct, frozen=True):
    """The number of lines with one outcome, and their total amount."""

    lines: int
    cents: int


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The progress of a submission. Once it is done, each of its lines is accepted, duplicate or refused.

    The receipt of a cancelled submission counts no lines, because no line of its file will be decided.
    """

    submission: int
    file: str
    sender: str
    batch_id: str
    format: str
    attempt: int
    sha256: str
    size_bytes: int
    lines: int
    cents: int
    done: bool
    accepted: OutcomeTotals
    duplicate: OutcomeTotals
    refused: OutcomeTotals
    suspended: OutcomeTotals
    cancelled: OutcomeTotals | None
    """Lines and amount of a file that was cancelled before any line was decided; null if it was not cancelled."""
    last_batch: int | None
    """The last batch with lines of the submission."""
    chain: str | None
    """The hash of that batch: the head of the chain that contains all rows of the submission."""
    received_at: datetime
    """When the file had its number; from then on it is not lost."""
    decided_at: datetime | None
    """When the last of its lines so far was decided; null before."""
    committed_at: datetime | None
    """When that batch was committed."""
    charset: str = ""
    """The charset that the sender stated when the file was registered, and in which it is read; empty if none."""
    extra_columns: list[str] = []
    """Columns of the file that are not those of the format: they were allowed by its sender, and not read."""

    @property
    def decided(self) -> int:
        """The number of lines that have an outcome."""
        return sum(getattr(self, name).lines for name in OUTCOMES)


class Reason(msgspec.Struct, frozen=True):
    """The lines refused for one reason."""

    code: str
    lines: int
    cents: int
    finding: str
    remedy: str


class RefusedExample(msgspec.Struct, frozen=True):
    """One of the first refused lines of a file."""

    submission: int
    line: int
    """From 1."""
    reference: str
    code: str


def build_receipt(row: Mapping[str, Any]) -> Receipt:
    """Build the receipt from a row of the query ``receipts``."""
    parts: dict[str, Any] = {name: {"lines": row[name], "cents": row[f"{name}_cents"]} for name in OUTCOMES}
    cancelled = {"lines": row["declared_lines"], "cents": row["declared_cents"]}
    parts["cancelled"] = cancelled if row["is_cancelled"] else None
    fields = {name: row[name] for name in Receipt.__struct_fields__ if name not in parts}
    return msgspec.convert({**fields, **parts}, Receipt)


def build_reasons(rows: Sequence[Mapping[str, Any]], language: Language = "en") -> list[Reason]:
    """Build the refusal reasons from rows by code, in their order (the most frequent first), with texts in ``language``."""
    reasons = []
    for row in rows:
        code = Outcome(row["code"])
        finding, action = select_language(REMEDIES[code], language)
        reasons.append(Reason(code.name, row["lines"], row["cents"], finding, action))
    return reasons
