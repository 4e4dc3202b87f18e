"""From what was accepted of a run to its payment files: one transfer an act, in files by accountant and way."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.errors import EngineError
from core.payment_rules import Rules, Way
from posting.pgcopy import TextCells
from posting.raw_texts import text_cells
from settlement.orders.file_split import cuts
from settlement.orders.pain001_writer import Debtor, Heading, Version, exact_sum, sizes, written
from settlement.orders.transfer_texts import Orders, check, named, spelt, taken
from settlement.runs.payee_accounts import Payees
from settlement.runs.payment_acts import Paid
from settlement.text_spans import as_arrow, chosen

Account = tuple[str, str, str]
"""Holder, IBAN and BIC."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """All that the files of a run depend on beside the journal and the run's lines; kept with the run."""

    version: Version
    created: datetime
    day: date
    """In the books."""
    executed: Mapping[str, date]
    """By way."""
    initiator: str
    transactions_max: int
    bytes_max: int
    batch_booking: bool
    accountants: Mapping[str, Account] = msgspec.field(default_factory=dict)
    """Of issues that began before accounts were kept by exercise: operations accounts by code."""
    years: Mapping[int, Mapping[str, Account]] = msgspec.field(default_factory=dict)
    """Operations accounts by exercise and code of the accountant."""
    stretches: Sequence[tuple[str, int]] = ()
    """Accountants in the order of the acts, each with the row of its first."""

    def debtor(self, code: str, exercise: int) -> Debtor:
        """Whose account lines of an accountant and exercise are paid from.

        Raises
        ------
        EngineError
            It was not kept when the issue began.
        """
        known = self.years.get(exercise, {}) if self.years else self.accountants
        if code not in known:
            found = f"no account of {code} for {exercise} was kept when the issue began"
            raise EngineError(f"{found}; no file can be written of it")
        return Debtor(*known[code])


class Accepted(NamedTuple):
    """Entries of the run's acts: the row in the file of acts, and its entry."""

    row: NDArray[np.int64]
    entry: NDArray[np.int64]


class File(NamedTuple):
    """A payment file to be written."""

    name: str
    accountant: str
    way: Way
    heading: Heading
    orders: Orders

    @property
    def cents(self) -> int:
        """Its control sum."""
        return exact_sum(self.orders.amount)

    def parts(self) -> Iterator[bytes | memoryview]:
        """Its bytes, piece by piece."""
        return written(self.heading, self.orders)


def terms(
    rules: Rules, accountants: Mapping[int, Mapping[str, Debtor]], at: datetime, version: Version
) -> Terms:
    """What holds for a run that is issued ``at`` that moment."""
    executed = {way.name: clearing.executed(at) for way, clearing in rules.clearings.items()}
    return Terms(
        version=version,
        created=at,
        day=rules.day(at),
        executed=executed,
        initiator=rules.initiator,
        transactions_max=rules.transactions_max,
        bytes_max=rules.bytes_max,
        batch_booking=rules.batch_booking,
        years={
            year: {code: (one.holder, one.iban, one.bic) for code, one in each.items()}
            for year, each in accountants.items()
        },
    )


def stretches(paid: Paid, codes: Sequence[str]) -> list[tuple[str, int]]:
    """The accountants of ``codes`` in the order of the acts, each with the row of its first."""
    numbers, rows = np.unique(paid.lines.accountant, return_index=True)
    return [(codes[int(number) - 1], int(row)) for number, row in zip(numbers, rows, strict=True)]


def orders(paid: Paid, accepted: Accepted, payees: Payees) -> tuple[Orders, NDArray[np.int64]]:
    """The transfers of the acts that were accepted, and the row of ``paid`` at which each begins.

    Raises
    ------
    EngineError
        What was never to be proposed is among them.
    """
    entry = np.zeros(len(paid.act), np.int64)
    entry[accepted.row] = accepted.entry
    is_accepted = entry[paid.act] > 0
    which = is_accepted[paid.first]
    firsts = paid.first[which]
    rows, at = _once(payees.of_entries(paid.lines.details[firsts], paid.lines.payee[firsts]))
    names = named(chosen(payees.name, rows))
    found = Orders(
        entry[firsts],
        _sums(paid)[which],
        chosen(names, at),
        chosen(payees.iban, rows[at]),
        chosen(payees.bic, rows[at]),
        spelt(_remittances(paid, is_accepted)),
    )
    one_of_each = np.empty(len(rows), np.int64)
    one_of_each[at] = np.arange(len(at))
    check(taken(found, one_of_each))
    if not (found.amount > 0).all():
        raise EngineError("a transfer of nothing; no file was written")
    return found, firsts


def _once(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each of ``values`` once, ascending, and where among them each stands."""
    is_there = np.zeros(int(values.max(initial=-1)) + 1, bool)
    is_there[values] = True
    return np.flatnonzero(is_there), (np.cumsum(is_there) - 1)[values]


def _sums(paid: Paid) -> NDArray[np.int64]:
    return np.add.reduceat(paid.lines.amount, paid.first) if len(paid.act) else np.zeros(0, np.int64)


def _remittances(paid: Paid, is_accepted: NDArray[np.bool_]) -> TextCells:
    """What each transfer says; one that pays several says it of all of them, as far as there is room."""
    rows = np.flatnonzero(is_accepted)
    own = chosen(paid.remittance, rows)
    begins = np.flatnonzero(paid.act[rows] == rows)
    if len(begins) == len(rows):
        return own
    lists = pa.ListArray.from_arrays(pa.array(np.append(begins, len(rows)).astype(np.int32)), as_arrow(own))
    return text_cells(pc.call_function("binary_join", [lists, pa.scalar(", ")]))


def files(
    run: int, paid: Paid, made: tuple[Orders, NDArray[np.int64]], said: tuple[Terms, list[str]]
) -> Iterator[File]:
    """The files of a run, in order; ``said`` are its terms and its accountants, in the order of its lines."""
    found, firsts = made
    told, codes = said
    limits = (told.transactions_max, told.bytes_max)
    accountant, way = paid.lines.accountant[firsts], paid.lines.way[firsts]
    for number, kind in _sets(accountant, way):
        rows, code = np.flatnonzero((accountant == number) & (way == kind)), codes[number - 1]
        part = 0
        for debtor, own in _by_account(told, code, rows, paid.lines.exercise[firsts[rows]]):
            some = taken(found, own)
            for piece in cuts(sizes(some, told.version), some.amount, limits):
                part += 1
                name = f"{run}-{code}-{Way(kind).name}-{part}"
                heading = _heading(name, told, debtor, Way(kind))
                yield File(f"{name}.xml", code, Way(kind), heading, taken(some, piece))


def _by_account(
    told: Terms, code: str, rows: NDArray[np.int64], exercises: NDArray[np.int16]
) -> Iterator[tuple[Debtor, NDArray[np.int64]]]:
    """The rows of an accountant by the account that their exercises are paid from: one, unless years differ."""
    years = np.unique(exercises).tolist()
    of_year = {year: told.debtor(code, year) for year in years}
    for debtor in dict.fromkeys(of_year.values()):
        wanted = [year for year in years if of_year[year] == debtor]
        yield debtor, rows[np.isin(exercises, wanted)]


def _sets(accountant: NDArray[np.int16], way: NDArray[np.int16]) -> list[tuple[int, int]]:
    """Each accountant with each way there is, in order."""
    ways = max(Way) + 1
    return [divmod(both, ways) for both in np.unique(accountant.astype(np.int64) * ways + way).tolist()]


def _heading(name: str, told: Terms, debtor: Debtor, way: Way) -> Heading:
    return Heading(
        message=f"CRSC-{name}",
        created=told.created,
        initiator=told.initiator,
        debtor=debtor,
        way=way,
        executed=told.executed[way.name],
        batch_booking=told.batch_booking,
        version=told.version,
    )
