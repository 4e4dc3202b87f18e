"""What a sender gets for a file: every line accounted for, and the hash that proves it."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from core.outcome_codes import Outcome
from core.remedies import REMEDIES

OUTCOMES = ("accepted", "duplicate", "refused", "suspended")


class OutcomeTotals(msgspec.Struct, frozen=True):
    """Lines that ended the same way, and what they asked for."""

    lines: int
    cents: int


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """How far a submission is.  Once it is done, each of its lines was accepted, duplicate or refused.

    One that was cancelled has no lines: none was received for deciding.
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
    """What the file held that was taken back before any of it was decided; null where it was not."""
    last_batch: int | None
    """The batch that brought it where it is."""
    chain: str | None
    """The hash of that batch: the head of the chain that holds all of the submission's rows."""

    @property
    def decided(self) -> int:
        """Lines with an outcome so far."""
        return sum(getattr(self, name).lines for name in OUTCOMES)


class Reason(msgspec.Struct, frozen=True):
    """Lines refused for one reason."""

    code: str
    lines: int
    cents: int
    finding: str
    remedy: str


def build_receipt(row: Mapping[str, Any]) -> Receipt:
    """The receipt of one row of the query ``receipts``."""
    parts: dict[str, Any] = {name: {"lines": row[name], "cents": row[f"{name}_cents"]} for name in OUTCOMES}
    taken_back = {"lines": row["declared_lines"], "cents": row["declared_cents"]}
    parts["cancelled"] = taken_back if row["is_cancelled"] else None
    same = {name: row[name] for name in Receipt.__struct_fields__ if name not in parts}
    return msgspec.convert({**same, **parts}, Receipt)


def build_reasons(rows: Sequence[Mapping[str, Any]]) -> list[Reason]:
    """The refusals by code, the most frequent first."""
    found = []
    for row in rows:
        code = Outcome(row["code"])
        remedy = REMEDIES[code]
        found.append(Reason(code.name, row["lines"], row["cents"], remedy.finding, remedy.action))
    return found
