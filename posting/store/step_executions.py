"""The executions of the steps of the closing, which are only ever added: who began each, and with what it ended.

The state of a step is that of its last execution.  One that has no end is at work while its connection
owns its lock, and was interrupted by a kill otherwise.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from core.periods import OPENING_MONTH, RESULT_MONTH, to_period
from core.person_decisions import Decision, DecisionKind, StatedPerson
from core.sql_files import read_queries
from posting.store import person_proof

SQL = read_queries("posting.store", "step_executions.sql")
Connection = Any
PROVEN, REFUSED, INTERRUPTED, WITHDRAWN = "proven", "refused", "interrupted", "withdrawn"
AT_WORK = "at work"


class StepFinding(msgspec.Struct, frozen=True):
    """What an execution found: how many, and how much."""

    subject: str
    lines: int
    cents: int = 0
    blocks: bool = False
    """Whether the step is not proven while it is so."""
    detail: str = ""
    """What to do, or what it is."""


class StepEnd(msgspec.Struct, frozen=True):
    """With what an execution ends."""

    state: str
    lines: int = 0
    cents: int = 0
    findings: list[StepFinding] = []
    submission: int | None = None
    """The file of its acts; None for a step without acts."""
    seal: bytes | None = None


class StepExecution(msgspec.Struct, frozen=True):
    """One execution of a step."""

    attempt: int
    state: str
    """``proven``, ``refused``, ``interrupted``, ``withdrawn`` or ``at work``."""
    by: str
    proof: str
    """How who executed it was proved; empty for not."""
    started: datetime
    ended: datetime | None
    lines: int
    cents: int
    blocked: int
    blocked_cents: int
    findings: list[StepFinding]
    submission: int | None
    batch: int
    chain: str
    """The hash of the last batch when it ended, in hexadecimal digits."""
    seal: str = ""
    """Of a locked year, the SHA-256 of its sums by account."""
    reason: str = ""

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it has no end."""
        return (self.ended - self.started).total_seconds() if self.ended else None


async def begin_execution(
    connection: Connection, year: int, step: str, *, by: StatedPerson, reason: str = ""
) -> int:
    """Store that a person begins to execute a step, and return the number of the execution.

    It is at work as long as the connection is open.

    Raises
    ------
    PersonNotProved
        The person is not proved, or may not execute it.
    """
    decision = Decision(DecisionKind.CLOSING)
    async with connection.transaction():
        await connection.execute(SQL["lock_executions"])
        decider = await person_proof.prove_under_lock(connection, by, decision)
        proof = await person_proof.store_decision(connection, decider, decision.kind, number=year)
        values = year, step, reason, decider.name, proof
        execution: int = await connection.fetchval(SQL["insert_execution"], *values)
        await connection.execute(SQL["own_execution"], execution)
        return execution


async def end_execution(connection: Connection, execution: int, end: StepEnd) -> None:
    """Store with what an execution ended."""
    blocked = [finding for finding in end.findings if finding.blocks]
    sums = sum(finding.lines for finding in blocked), sum(finding.cents for finding in blocked)
    findings = msgspec.json.encode(end.findings).decode()
    values = (end.state, end.submission, end.lines, end.cents, *sums, findings, end.seal)
    await connection.execute(SQL["insert_end"], execution, *values)


async def load_executions(connection: Connection, year: int) -> dict[str, list[StepExecution]]:
    """Load the executions of a year by step, each list in order."""
    executions: dict[str, list[StepExecution]] = {}
    rows = await connection.fetch(SQL["executions"], year)
    for row in rows:
        executions.setdefault(row["step"], []).append(_build_execution(row))
    return executions


def _build_execution(row: Mapping[str, Any]) -> StepExecution:
    values = {
        name: row[name] for name in StepExecution.__struct_fields__ if name not in ("state", "findings")
    }
    state = row["state"] or (AT_WORK if row["is_at_work"] else INTERRUPTED)
    findings = msgspec.json.decode(row["findings"], type=list[StepFinding])
    return StepExecution(state=state, findings=findings, **values)


async def compute_seal(connection: Connection, year: int) -> bytes:
    """Return the SHA-256 of the sums of each account of each accountant in a year, its openings included."""
    periods = to_period(year, OPENING_MONTH), to_period(year, RESULT_MONTH)
    return _hash_sums(tuple(row) for row in await connection.fetch(SQL["sealed_sums"], *periods))


def _hash_sums(rows: Iterable[tuple[str, str, int, int]]) -> bytes:
    """Hash sums by accountant and account, in the order of their codes: one a line."""
    lines = (
        f"{accountant} {account} {debit} {credit}\n" for accountant, account, debit, credit in sorted(rows)
    )
    text = "".join(lines)
    return hashlib.sha256(text.encode()).digest()
