"""The proof of a batch and of a submission: what was stated against what stands in the rows.

File totals = accepted + duplicate + refused + suspended; accepted = debits = credits where the kind posts;
= budget taken up at every level; and the hash of the batch is that of its rows.
"""

from collections.abc import Iterable

import msgspec

from core.catalog import CATALOG, KIND_NUMBER, Budget
from core.nomenclature import Level
from reporting.code_names import CENTRE, Names
from reporting.report_queries import SQL, Connection, Row, fetch, fetch_one
from reporting.report_tables import Column, Grid, Kind
from reporting.verification.chain import hash_of
from reporting.verification.copy_reader import CHAINED
from reporting.verification.snapshot_queries import Snapshot, Span

_ORIGIN = bytes(32)


class Agreement(msgspec.Struct, frozen=True):
    """One figure, as stated and as the rows give it."""

    what: str
    stated: int
    counted: int
    is_money: bool = False

    @property
    def holds(self) -> bool:
        """Whether they are the same."""
        return self.stated == self.counted


class LinkProof(msgspec.Struct, frozen=True):
    """A batch's hash as stored and as computed from its rows, in hexadecimal."""

    batch: int
    stored: str
    computed: str

    @property
    def holds(self) -> bool:
        """Whether they are the same."""
        return self.stored == self.computed


class BatchProof(msgspec.Struct, frozen=True):
    """What proves one batch."""

    batch: int
    committed_at: str
    link: LinkProof
    agreements: list[Agreement]

    @property
    def holds(self) -> bool:
        """Whether everything agrees."""
        return self.link.holds and all(each.holds for each in self.agreements)


class SubmissionProof(msgspec.Struct, frozen=True):
    """What proves one file: its own totals, and the batches that hold its rows."""

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
        return all(each.holds for each in (*self.agreements, *self.batches))


async def prove_link(connection: Connection, batch: Row) -> LinkProof:
    """Hash the rows of one row of ``batch`` again."""
    first, number = batch["first_entry"], batch["batch"]
    span, snapshot = Span(number, number + 1, first, first + batch["entries"]), Snapshot(connection)
    streams = [await snapshot.copy(stored, span) for stored in CHAINED]
    previous = await connection.fetchval(SQL["chain_before"], number) or _ORIGIN
    return LinkProof(number, batch["chain"].hex(), hash_of(streams, previous).hex())


async def prove_batch(connection: Connection, names: Names, number: int) -> BatchProof | None:
    """Hold a batch's row against everything it should equal; None when there is no such batch."""
    rows = await fetch(connection, "batches", [number])
    if not rows:
        return None
    (batch,) = rows
    link = await prove_link(connection, batch)
    agreements = [*await _counts(connection, batch), *await _budget(connection, names, batch)]
    return BatchProof(number, batch["committed_at"].isoformat(), link, agreements)


async def prove_submission(connection: Connection, names: Names, number: int) -> SubmissionProof | None:
    """Hold a file's totals against its rows, and prove every batch that has some; None when there is none."""
    found = await fetch(connection, "submissions", [number])
    if not found:
        return None
    (row,) = found
    progress = await fetch(connection, "progress", [number])
    numbers = [each["batch"] for each in await fetch(connection, "batches_of_submission", number)]
    proofs = [await prove_batch(connection, names, each) for each in numbers]
    agreements = [each for one in progress for each in await _totals(connection, row, one)]
    if row["is_cancelled"]:
        agreements.append(await _nothing_decided(connection, number))
    return SubmissionProof(
        number,
        row["file_name"],
        row["sender"],
        row["file_hash"],
        bool(progress and progress[0]["done"]),
        agreements,
        [each for each in proofs if each],
    )


async def _totals(connection: Connection, row: Row, progress: Row) -> Iterable[Agreement]:
    outcomes = ("accepted", "duplicate", "refused", "suspended")
    told = [
        Agreement("lines of the file", row["declared_lines"], sum(progress[name] for name in outcomes)),
        Agreement(
            "cents of the file",
            row["declared_cents"],
            sum(progress[f"{name}_cents"] for name in outcomes),
            True,
        ),
    ]
    counted = await fetch_one(connection, "counted_of_submission", row["submission"])
    rows = [Agreement(f"{name} lines", progress[name], counted[name]) for name in outcomes[:3]]
    accepted = Agreement("accepted cents", progress["accepted_cents"], counted["accepted_cents"], True)
    is_declared = progress["done"] and row["declared_lines"] is not None
    return [*(told if is_declared else []), *rows, accepted]


async def _nothing_decided(connection: Connection, submission: int) -> Agreement:
    counted = await fetch_one(connection, "counted_of_submission", submission)
    decided = sum(counted[name] for name in ("accepted", "duplicate", "refused"))
    return Agreement("lines decided, though it is cancelled", 0, decided)


async def _counts(connection: Connection, batch: Row) -> Iterable[Agreement]:
    first = batch["first_entry"]
    found = await fetch_one(connection, "counted", batch["batch"], first, first + batch["entries"])
    posted = await fetch_one(connection, "posted", batch["batch"])
    return [
        *(Agreement(name, batch[name], found[name]) for name in ("entries", "refusals", "duplicates")),
        Agreement("accepted", batch["amount"], found["cents"], True),
        Agreement("debits", posted["debit"], found["posted"], True),
        Agreement("credits", posted["credit"], found["posted"], True),
    ]


async def _budget(connection: Connection, names: Names, batch: Row) -> Iterable[Agreement]:
    """What the batch took up of the budget at each level, against what its entries ask by the catalog."""
    first, end = batch["first_entry"], batch["first_entry"] + batch["entries"]
    kinds = range(1, len(CATALOG))
    signs = [_taken_up(number) for number in kinds]
    mirrors = [number for number in kinds if CATALOG[number].mirrors]
    voids = [number for number in kinds if CATALOG[number].settles < 0]
    inherit = [number for number in kinds if CATALOG[number].inherits]
    columns = (list(kinds), [ae for ae, _ in signs], [cp for _, cp in signs], mirrors, KIND_NUMBER["earmark"])
    asked = await fetch_one(connection, "budget_asked", first, end, *columns, voids, inherit)
    moved = await fetch(connection, "budget_moved", batch["batch"])
    levels = [(row, names.level(names.code(CENTRE, row["centre"]))) for row in moved]
    return [
        Agreement(
            f"{measure.upper()} taken up, {level.name.lower()}",
            sum(row[measure] for row, each in levels if each == level),
            asked[measure],
            True,
        )
        for measure in ("ae", "cp")
        for level in (Level.PROGRAMME, Level.BOP, Level.UO)
    ]


def _taken_up(kind: int) -> tuple[int, int]:
    """Signs with which a kind takes up AE and CP of a fund centre and everything above it."""
    found = CATALOG[kind]
    if found.budget is Budget.EARMARK:
        return 1, 0
    return found.ae_reserved + found.ae_consumed, found.cp_reserved


def grid(found: BatchProof | SubmissionProof) -> Grid:
    """The figures side by side; counts and euros stand in columns of their own."""
    columns = [
        *(Column("what"), Column("stated", Kind.COUNT), Column("counted", Kind.COUNT)),
        *(Column("stated, euros", Kind.MONEY), Column("counted, euros", Kind.MONEY), Column("holds")),
    ]
    rows = [[each.what, *_side_by_side(each), "yes" if each.holds else "NO"] for each in found.agreements]
    of = (
        f"batch {found.batch:,}"
        if isinstance(found, BatchProof)
        else f"submission {found.submission}, {found.file}"
    )
    return Grid(f"Proof of {of}", columns, rows)


def _side_by_side(each: Agreement) -> list[int | None]:
    figures = [each.stated, each.counted]
    return [None, None, *figures] if each.is_money else [*figures, None, None]
