"""A sequence of random acts on a real engine: forms and files from every sender and by every way, each checked on entry."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import asyncpg

from core.catalog import CATALOG, KIND_NUMBERS, Family
from core.errors import SenderForbidden
from core.roles import Role
from core.senders import (
    ACCOUNTANT_SETTLEMENTS,
    BANK,
    CLOSING,
    CONTROLLER_KINDS,
    DIRECTORATE_KINDS,
    INVOICE_SERVICE_KINDS,
    RESERVED_SENDERS,
    SENDER_OF_KIND,
    TREASURY,
)
from core.stage_timing import StageTimes
from ingest.queue.form_batcher import Form
from ingest.queue.inbox import Inbox
from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool
from posting.batch import BatchResult
from posting.book.registry import ReferenceData
from posting.pipeline import Pipeline
from posting.pipeline_settings import PipelineSettings
from posting.store.journal_store import PostgresStore
from service.auth.credentials import Caller, build_caller
from service.auth.failures import PermissionDenied
from service.auth.perimeter import PerimeterCheck
from tests.databases import open_connection
from tests.file_strategies import Row
from tests.service.engine.random_acts import ActGenerator, PostedRow

ROLES: Mapping[str, frozenset[Role]] = {
    "ministry": frozenset({Role.AUTHORISING_OFFICER, Role.PROGRAMME_MANAGER}),
    "other-ministry": frozenset({Role.AUTHORISING_OFFICER}),
    "accountant": frozenset({Role.ASSIGNED_ACCOUNTANT}),
    "directorate": frozenset({Role.BUDGET_DIRECTORATE}),
    "controller": frozenset({Role.BUDGET_CONTROLLER}),
    "court": frozenset({Role.AUDITOR}),
    "invoice-service": frozenset({Role.INVOICE_SERVICE}),
}
OUTSIDE_KINDS = frozenset(KIND_NUMBERS) - SENDER_OF_KIND.keys()
"""The kinds that a file from outside may contain, if its sender holds the role of the accountant."""
STATEMENT_KINDS = frozenset({"suspense_receipt", "suspense_debit", "suspense_return"})
"""The kinds that state a movement of a statement that nothing here explains."""
COMPUTED_KINDS = STATEMENT_KINDS | {
    kind.name
    for kind in CATALOG
    if kind.family in (Family.OPENING, Family.RESULT, Family.ALLOCATION) or kind.name == "inventory_reversal"
}
"""The kinds that are right only as the closing or an import computes them: no random act is of them.

``RandomState.open_next_year`` sends openings; no year here ends with the entries of its result.
"""
INTERNAL_KINDS: Mapping[str, frozenset[str]] = {
    sender: frozenset(name for name, owner in SENDER_OF_KIND.items() if owner == sender) - COMPUTED_KINDS
    | others
    for sender, others in (
        (TREASURY, frozenset({"late_interest"})),
        (BANK, frozenset({"return_identified", "payee_block"})),
        (CLOSING, frozenset[str]()),
    )
}
"""The kinds that payment runs, claims of interest, bank imports and the closing of a year post."""
_WEIGHTS: Mapping[str, int] = {
    TREASURY: 5,
    BANK: 6,
    CLOSING: 4,
    "ministry": 7,
    "other-ministry": 3,
    "accountant": 5,
    "directorate": 2,
    "controller": 2,
    "court": 1,
    "invoice-service": 1,
}
_STEP_ACTS_MAX = 6
_POSTED = """select entry_id, sender, kind, reference, exercise, amount, predecessor, payee
    from entry join submission using (submission) where entry_id > $1 order by 1"""


@dataclass(slots=True)
class SequenceResult:
    """What became of a sequence."""

    acts: int = 0
    refused_whole: int = 0
    """Forms and files that their sender may not send."""
    accepted: Counter[str] = field(default_factory=Counter)
    """The accepted lines, by kind."""


class SequencePlan(NamedTuple):
    """The acts of a sequence."""

    seed: int
    acts: int
    has_internal: bool = True
    """Whether acts as payment runs and bank files have them are among the random ones."""
    rare: frozenset[str] = frozenset()
    """The kinds that are sent more often until one is accepted."""


class _Step(NamedTuple):
    """Acts that are sent together."""

    sender: str
    way: str
    """By ``form`` or ``file`` with a key, by ``command``, or ``internal``."""
    rows: list[Row]
    may_be_sent: bool
    is_atomic: bool


class RandomSequence:
    """Sends random acts to one engine, and notes what it accepts."""

    def __init__(
        self, plan: SequencePlan, store: PostgresStore, folder: Path, *, connection: asyncpg.Connection
    ) -> None:
        self._plan, self._rng, self._folder = plan, random.Random(plan.seed), folder
        self._spool = Spool(folder / "data" / "spool")
        self._generator, self.result = ActGenerator(self._rng, f"A{plan.seed}-", plan.rare), SequenceResult()
        self._connection, self.inbox = connection, Inbox(self._spool, store, StageTimes())
        self._done, self._changed, self._files = set[int](), asyncio.Event(), 0
        self._admitted = set[tuple[str, str]]()
        """Sender and content of the files that were admitted: the same file again is not checked again."""

    def note_commit(self, result: BatchResult) -> None:
        """Note the submissions that a batch has finished."""
        self.inbox.handle_commit(result)
        self._done |= {row.submission for row in result.progress if row.progress.is_done}
        self._changed.set()

    async def send_acts(self) -> None:
        """Send the acts, a few at a time, each time after what was sent before is decided."""
        await self._note_posted()
        self.result.accepted.clear()
        while self.result.acts < self._plan.acts:
            step = self._choose_step()
            is_known = step.way == "file" and (step.sender, _write_lines(step.rows)) in self._admitted
            is_sent = await self._send(step)
            assert is_sent == (step.may_be_sent or is_known), f"{step.sender} by {step.way}: {step.rows}"
            self.result.refused_whole += not is_sent
            await self._note_posted()

    async def _send(self, step: _Step) -> bool:
        """Send acts and wait until they are decided; return False if they are refused whole."""
        try:
            await (self._send_form if step.way == "form" else self._send_file)(step)
        except (PermissionDenied, SenderForbidden):
            return False
        return True

    async def _note_posted(self) -> None:
        last = max(self._generator.posted, default=0)
        rows = [PostedRow(*row) for row in await self._connection.fetch(_POSTED, last)]
        self._generator.note_posted(rows)
        self.result.accepted.update(CATALOG[row.kind].name for row in rows)

    def _choose_step(self) -> _Step:
        rng = self._rng
        sender = self._choose_sender()
        way = "internal" if sender in INTERNAL_KINDS else rng.choice(("form", "file", "command"))
        if rng.random() < 0.03:
            way = "command"  # which is forbidden to the treasury and to the bank
        allowed = _list_kinds(sender, way)
        offered = sorted(INTERNAL_KINDS[sender] if way == "internal" else allowed)
        if not offered or (way != "internal" and rng.random() < 0.05):
            offered = list(KIND_NUMBERS)
        acts = [self._generator.generate_act(sender, offered) for _ in range(rng.randint(1, _STEP_ACTS_MAX))]
        self.result.acts += len(acts)
        rows = list(chain.from_iterable(acts))
        kinds = {row["kind"] for row in rows} & KIND_NUMBERS.keys()
        return _Step(sender, way, rows, bool(allowed) and kinds <= allowed, rng.random() < 0.1)

    def _choose_sender(self) -> str:
        """Choose who sends; payment runs and the bank do, as a rule, only when they have something to follow."""
        while True:
            (sender,) = self._rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
            if sender in INTERNAL_KINDS and not self._plan.has_internal:
                continue
            kinds = INTERNAL_KINDS.get(sender, OUTSIDE_KINDS) - {"payee_block", "late_interest"}
            if self._generator.may_act(kinds) or self._rng.random() < 0.05:
                return sender

    async def _send_form(self, step: _Step) -> None:
        PerimeterCheck(_build_caller(step.sender)).check_form(step.rows)
        body, result = json.dumps(step.rows).encode(), asyncio.get_running_loop().create_future()
        self.inbox.forms.submit(Form(step.sender, step.rows, body, result, step.is_atomic))
        await result

    async def _send_file(self, step: _Step) -> None:
        self._files += 1
        path = self._folder / f"{self._files}.jsonl"
        path.write_text(_write_lines(step.rows))
        envelope = Envelope(sender=step.sender, atomic=step.is_atomic)
        spooled = await asyncio.to_thread(self._spool.receive, path, path.name, envelope)
        check = PerimeterCheck(_build_caller(step.sender)) if step.way == "file" else None
        admission, is_internal = self.inbox.files.admission, step.way == "internal"
        number = (await admission.admit(spooled, check, is_internal=is_internal)).number
        self._admitted.add((step.sender, _write_lines(step.rows)))
        while number not in self._done:
            self._changed.clear()
            await self._changed.wait()


def _write_lines(rows: Sequence[Row]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def _build_caller(sender: str) -> Caller:
    return build_caller(sender, sender, ROLES[sender], programmes=frozenset())


def _list_kinds(sender: str, way: str) -> frozenset[str]:
    """Return the kinds that a sender may send by a way, by the text of the rules."""
    if way == "internal":
        return frozenset(kind for kind in KIND_NUMBERS if SENDER_OF_KIND.get(kind, sender) == sender)
    if sender in RESERVED_SENDERS:
        return frozenset()
    if way == "command":
        settlements = frozenset() if Role.ASSIGNED_ACCOUNTANT in ROLES[sender] else ACCOUNTANT_SETTLEMENTS
        openings = frozenset() if Role.BUDGET_DIRECTORATE in ROLES[sender] else DIRECTORATE_KINDS
        visas = frozenset() if Role.BUDGET_CONTROLLER in ROLES[sender] else CONTROLLER_KINDS
        requests = frozenset() if Role.INVOICE_SERVICE in ROLES[sender] else INVOICE_SERVICE_KINDS
        return OUTSIDE_KINDS - settlements - openings - visas - requests
    return _build_caller(sender).kinds


async def run_sequence(
    dsn: str, folder: Path, reference: ReferenceData, plan: SequencePlan
) -> SequenceResult:
    """Send random acts to an engine on a database with credits, payees and keys."""
    async with PostgresStore(dsn).own_lease("test") as store, open_connection(dsn) as connection:
        sequence = RandomSequence(plan, store, folder, connection=connection)
        settings = PipelineSettings(on_committed=sequence.note_commit)
        async with asyncio.TaskGroup() as group:
            group.create_task(Pipeline(store, reference, settings).run(sequence.inbox))
            await sequence.send_acts()
            sequence.inbox.close()
    return sequence.result
