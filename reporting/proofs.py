"""The proof of a batch and of a submission: the stated figures compared with the stored rows.

File totals = accepted + duplicate + refused + suspended; accepted = debits = credits for kinds that post; accepted =
budget taken up at every level; and the hash of the batch is that of its rows.
"""

from collections.abc import Callable, Iterable

import msgspec

from core.catalog import CATALOG, ActKind, BudgetAction, list_kinds
from core.nomenclature import CentreLevel
from reporting.code_names import CENTRE, CodeNames
from reporting.report_queries import SQL, Connection, Row, fetch, fetch_one
from reporting.report_tables import CellType, Column, ReportTable
from reporting.verification.chain import hash_batch
from reporting.verification.copy_reader import HASHED_TABLES
from reporting.verification.snapshot_queries import JournalSnapshot, WindowSpan

_ORIGIN = bytes(32)


class Agreement(msgspec.Struct, frozen=True):
    """One figure: as stated with the batch or file, and as counted in its stored rows."""

    what: str
    stated: int
    counted: int
    is_money: bool = False
    stated_cents: int | None = None
    """``stated``, if the figure is an amount."""
    counted_cents: int | None = None
    """``counted``, if the figure is an amount."""

    def __post_init__(self) -> None:
        """Name the amounts as such."""
        if self.is_money:
            msgspec.structs.force_setattr(self, "stated_cents", self.stated)
            msgspec.structs.force_setattr(self, "counted_cents", self.counted)

    @property
    def holds(self) -> bool:
        """Whether both are equal."""
        return self.stated == self.counted


class LinkProof(msgspec.Struct, frozen=True):
    """A batch's hash as stored and as computed from its rows, in hexadecimal."""

    batch: int
    stored: str
    computed: str

    @property
    def holds(self) -> bool:
        """Whether both are equal."""
        return self.stored == self.computed


class BatchProof(msgspec.Struct, frozen=True):
    """The proof of one batch."""

    batch: int
    committed_at: str
    link: LinkProof
    agreements: list[Agreement]

    @property
    def holds(self) -> bool:
        """Whether everything agrees."""
        return self.link.holds and all(agreement.holds for agreement in self.agreements)


class SubmissionProof(msgspec.Struct, frozen=True):
    """The proof of one file: its totals, and the batches that contain its rows."""

    submission: int
    file: str
    sender: str
    sha256: str
    done: bool
    agreements: list[Agreement]
    batches: list[BatchProof]

    @property
    def holds(self) -> bool:
        """Whether everything agrees."""
        return all(part.holds for part in (*self.agreements, *self.batches))


async def prove_link(connection: Connection, batch: Row) -> LinkProof:
    """Hash the rows of one batch again."""
    first, number = batch["first_entry"], batch["batch"]
    span, snapshot = (
        WindowSpan(number, number + 1, first, first + batch["entries"]),
        JournalSnapshot(connection),
    )
    streams = [await snapshot.copy_rows(stored, span) for stored in HASHED_TABLES]
    previous = await connection.fetchval(SQL["chain_before"], number) or _ORIGIN
    return LinkProof(number, batch["chain"].hex(), hash_batch(streams, previous).hex())


async def prove_batch(connection: Connection, names: CodeNames, number: int) -> BatchProof | None:
    """Compare a batch's figures with its rows; None if there is no such batch."""
    rows = await fetch(connection, "batches", [number])
    if not rows:
        return None
    (batch,) = rows
    link = await prove_link(connection, batch)
    agreements = [*await _compare_counts(connection, batch), *await _compare_budget(connection, names, batch)]
    return BatchProof(number, batch["committed_at"].isoformat(), link, agreements)


async def prove_submission(connection: Connection, names: CodeNames, number: int) -> SubmissionProof | None:
    """Compare a file's totals with its rows, and prove every batch that contains some; None if there is no such file."""
    rows = await fetch(connection, "submissions", [number])
    if not rows:
        return None
    (row,) = rows
    progress = await fetch(connection, "progress", [number])
    numbers = [batch["batch"] for batch in await fetch(connection, "batches_of_submission", number)]
    proofs = [await prove_batch(connection, names, batch) for batch in numbers]
    agreements = [
        agreement for line in progress for agreement in await _compare_totals(connection, row, line)
    ]
    if row["is_cancelled"]:
        agreements.append(await _compare_cancelled_submission(connection, number))
    return SubmissionProof(
        number,
        row["file_name"],
        row["sender"],
        row["file_hash"],
        bool(progress and progress[0]["done"]),
        agreements,
        [proof for proof in proofs if proof],
    )


async def _compare_totals(connection: Connection, row: Row, progress: Row) -> Iterable[Agreement]:
    outcomes = ("accepted", "duplicate", "refused", "suspended")
    declared = [
        Agreement(
            "lines of the file, refused ones too",
            row["declared_lines"],
            sum(progress[name] for name in outcomes),
        ),
        Agreement(
            "amounts of the file, of refused lines too, as they state them",
            row["declared_cents"],
            sum(progress[f"{name}_cents"] for name in outcomes),
            True,
        ),
    ]
    counted = await fetch_one(connection, "counted_of_submission", row["submission"])
    rows = [Agreement(f"{name} lines", progress[name], counted[name]) for name in outcomes[:3]]
    accepted = Agreement("accepted amounts", progress["accepted_cents"], counted["accepted_cents"], True)
    is_declared = progress["done"] and row["declared_lines"] is not None
    return [*(declared if is_declared else []), *rows, accepted]


async def _compare_cancelled_submission(connection: Connection, submission: int) -> Agreement:
    counted = await fetch_one(connection, "counted_of_submission", submission)
    decided = sum(counted[name] for name in ("accepted", "duplicate", "refused"))
    return Agreement("lines decided, though it is cancelled", 0, decided)


async def _compare_counts(connection: Connection, batch: Row) -> Iterable[Agreement]:
    first = batch["first_entry"]
    counted = await fetch_one(connection, "counted", batch["batch"], first, first + batch["entries"])
    posted = await fetch_one(connection, "posted", batch["batch"])
    return [
        *(Agreement(name, batch[name], counted[name]) for name in ("entries", "refusals", "duplicates")),
        Agreement("accepted", batch["amount"], counted["cents"], True),
        Agreement("debits", posted["debit"], counted["debited"], True),
        Agreement("credits", posted["credit"], counted["credited"], True),
    ]


async def _compare_budget(connection: Connection, names: CodeNames, batch: Row) -> Iterable[Agreement]:
    """Compare the budget that the batch took up at each level with what its entries take up by the catalog."""
    first, end = batch["first_entry"], batch["first_entry"] + batch["entries"]
    kinds = range(1, len(CATALOG))
    signs = [_find_signs(number) for number in kinds]
    columns = list(kinds), [ae for ae, _ in signs], [cp for _, cp in signs]
    tests: tuple[Callable[[ActKind], object], ...] = (
        lambda kind: kind.mirrors,
        lambda kind: kind.budget in (BudgetAction.EARMARK, BudgetAction.UNEARMARK),
        lambda kind: kind.settles < 0,
        lambda kind: kind.inherits,
        lambda kind: kind.budget is BudgetAction.WITHDRAW,
        lambda kind: kind.budget is BudgetAction.REASSIGN and kind.settles > 0,
    )
    expected = await fetch_one(connection, "budget_expected", first, end, *columns, *map(list_kinds, tests))
    moved = await fetch(connection, "budget_taken_up", batch["batch"])
    levels = [(row, names.find_level(names.find_code(CENTRE, row["centre"]))) for row in moved]
    return [
        Agreement(
            f"{measure.upper()} taken up, {level.name.lower()}",
            sum(row[measure] for row, row_level in levels if row_level == level),
            expected[measure],
            True,
        )
        for measure in ("ae", "cp")
        for level in (CentreLevel.PROGRAMME, CentreLevel.BOP, CentreLevel.UO)
    ]


def _find_signs(kind: int) -> tuple[int, int]:
    """Return the signs with which a kind takes up AE and CP of a fund centre and every node above it."""
    act_kind = CATALOG[kind]
    if act_kind.budget in (BudgetAction.EARMARK, BudgetAction.UNEARMARK):
        return (1 if act_kind.budget is BudgetAction.EARMARK else -1), 0
    return act_kind.ae_reserved + act_kind.ae_consumed, act_kind.cp_reserved + act_kind.cp_consumed


def build_table(proof: BatchProof | SubmissionProof) -> ReportTable:
    """Build the table of stated and counted figures; counts and euros have columns of their own."""
    columns = [
        *(
            Column("what", CellType.PROSE),
            Column("stated, number", CellType.COUNT),
            Column("counted, number", CellType.COUNT),
        ),
        *(Column("stated, euros", CellType.MONEY), Column("counted, euros", CellType.MONEY), Column("holds")),
    ]
    rows = [
        [agreement.what, *_place_figures(agreement), "yes" if agreement.holds else "NO"]
        for agreement in proof.agreements
    ]
    subject = (
        f"batch {proof.batch:,}"
        if isinstance(proof, BatchProof)
        else f"submission {proof.submission}, {proof.file}"
    )
    return ReportTable(f"Proof of {subject}", columns, rows, drop_order=())


def _place_figures(agreement: Agreement) -> list[int | None]:
    figures = [agreement.stated, agreement.counted]
    return [None, None, *figures] if agreement.is_money else [*figures, None, None]
