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
from core.payment_rules import PaymentRules, TransferMethod
from posting.pgcopy import TextCells
from posting.raw_texts import to_text_cells
from settlement.orders.file_split import FileLimits, split_rows
from settlement.orders.pain001_writer import (
    Debtor,
    Pain001Version,
    PaymentFileHeader,
    measure_transfers,
    sum_exactly,
    write_message,
)
from settlement.orders.transfer_texts import (
    TransferOrders,
    take_orders,
    transliterate_names,
    transliterate_texts,
    validate_orders,
)
from settlement.runs.payee_accounts import PayeeAccounts
from settlement.runs.payment_acts import PaidLines
from settlement.text_spans import as_arrow, take_rows

Account = tuple[str, str, str]
"""Holder, IBAN and BIC."""


class IssueTerms(msgspec.Struct, frozen=True, kw_only=True):
    """All that the files of a run depend on beside the journal and the run's lines; kept with the run."""

    version: Pain001Version
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

    def find_debtor(self, code: str, exercise: int) -> Debtor:
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


class AcceptedActs(NamedTuple):
    """Entries of the run's acts: the row in the file of acts, and its entry."""

    row: NDArray[np.int64]
    entry: NDArray[np.int64]


class PaymentFile(NamedTuple):
    """A payment file to be written."""

    name: str
    accountant: str
    way: TransferMethod
    header: PaymentFileHeader
    orders: TransferOrders

    @property
    def cents(self) -> int:
        """Its control sum."""
        return sum_exactly(self.orders.amount)

    def write_parts(self) -> Iterator[bytes | memoryview]:
        """Its bytes, piece by piece."""
        return write_message(self.header, self.orders)


def build_terms(
    rules: PaymentRules,
    accountants: Mapping[int, Mapping[str, Debtor]],
    at: datetime,
    version: Pain001Version,
) -> IssueTerms:
    """What holds for a run that is issued ``at`` that moment."""
    executed = {way.name: clearing.compute_execution_day(at) for way, clearing in rules.clearings.items()}
    return IssueTerms(
        version=version,
        created=at,
        day=rules.to_book_day(at),
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


def build_stretches(paid: PaidLines, codes: Sequence[str]) -> list[tuple[str, int]]:
    """The accountants of ``codes`` in the order of the acts, each with the row of its first."""
    numbers, rows = np.unique(paid.lines.accountant, return_index=True)
    return [(codes[int(number) - 1], int(row)) for number, row in zip(numbers, rows, strict=True)]


def build_orders(
    paid: PaidLines, accepted: AcceptedActs, payees: PayeeAccounts
) -> tuple[TransferOrders, NDArray[np.int64]]:
    """The transfers of the acts that were accepted, and the row of ``paid`` at which each begins.

    Raises
    ------
    EngineError
        What was never to be proposed is among them.
    """
    entry = np.zeros(len(paid.act_start), np.int64)
    entry[accepted.row] = accepted.entry
    is_accepted = entry[paid.act_start] > 0
    which = is_accepted[paid.act_rows]
    firsts = paid.act_rows[which]
    rows, at = _index_distinct(payees.find_rows(paid.lines.details[firsts], paid.lines.payee[firsts]))
    names = transliterate_names(take_rows(payees.name, rows))
    found = TransferOrders(
        entry[firsts],
        _sum_acts(paid)[which],
        take_rows(names, at),
        take_rows(payees.iban, rows[at]),
        take_rows(payees.bic, rows[at]),
        transliterate_texts(_build_remittances(paid, is_accepted)),
    )
    one_of_each = np.empty(len(rows), np.int64)
    one_of_each[at] = np.arange(len(at))
    validate_orders(take_orders(found, one_of_each))
    if not (found.amount > 0).all():
        raise EngineError("a transfer of nothing; no file was written")
    return found, firsts


def _index_distinct(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each of ``values`` once, ascending, and where among them each stands."""
    is_there = np.zeros(int(values.max(initial=-1)) + 1, bool)
    is_there[values] = True
    return np.flatnonzero(is_there), (np.cumsum(is_there) - 1)[values]


def _sum_acts(paid: PaidLines) -> NDArray[np.int64]:
    return np.add.reduceat(paid.lines.amount, paid.act_rows) if len(paid.act_start) else np.zeros(0, np.int64)


def _build_remittances(paid: PaidLines, is_accepted: NDArray[np.bool_]) -> TextCells:
    """What each transfer says; one that pays several says it of all of them, as far as there is room."""
    rows = np.flatnonzero(is_accepted)
    own = take_rows(paid.remittance, rows)
    begins = np.flatnonzero(paid.act_start[rows] == rows)
    if len(begins) == len(rows):
        return own
    lists = pa.ListArray.from_arrays(pa.array(np.append(begins, len(rows)).astype(np.int32)), as_arrow(own))
    return to_text_cells(pc.call_function("binary_join", [lists, pa.scalar(", ")]))


def build_files(
    run: int,
    paid: PaidLines,
    made: tuple[TransferOrders, NDArray[np.int64]],
    said: tuple[IssueTerms, list[str]],
) -> Iterator[PaymentFile]:
    """The files of a run, in order; ``said`` are its terms and its accountants, in the order of its lines."""
    found, firsts = made
    told, codes = said
    limits = FileLimits(told.transactions_max, told.bytes_max)
    accountant, way = paid.lines.accountant[firsts], paid.lines.way[firsts]
    for number, kind in _list_pairs(accountant, way):
        rows, code = np.flatnonzero((accountant == number) & (way == kind)), codes[number - 1]
        part = 0
        for debtor, own in _split_by_account(told, code, rows, paid.lines.exercise[firsts[rows]]):
            some = take_orders(found, own)
            for piece in split_rows(measure_transfers(some, told.version), some.amount, limits):
                part += 1
                name = f"{run}-{code}-{TransferMethod(kind).name}-{part}"
                heading = _build_header(name, told, debtor, TransferMethod(kind))
                yield PaymentFile(
                    f"{name}.xml", code, TransferMethod(kind), heading, take_orders(some, piece)
                )


def _split_by_account(
    told: IssueTerms, code: str, rows: NDArray[np.int64], exercises: NDArray[np.int16]
) -> Iterator[tuple[Debtor, NDArray[np.int64]]]:
    """The rows of an accountant by the account that their exercises are paid from: one, unless years differ."""
    years = np.unique(exercises).tolist()
    of_year = {year: told.find_debtor(code, year) for year in years}
    for debtor in dict.fromkeys(of_year.values()):
        wanted = [year for year in years if of_year[year] == debtor]
        yield debtor, rows[np.isin(exercises, wanted)]


def _list_pairs(accountant: NDArray[np.int16], way: NDArray[np.int16]) -> list[tuple[int, int]]:
    """Each accountant with each way there is, in order."""
    ways = max(TransferMethod) + 1
    return [divmod(both, ways) for both in np.unique(accountant.astype(np.int64) * ways + way).tolist()]


def _build_header(name: str, told: IssueTerms, debtor: Debtor, way: TransferMethod) -> PaymentFileHeader:
    return PaymentFileHeader(
        message_id=f"CRSC-{name}",
        created=told.created,
        initiator=told.initiator,
        debtor=debtor,
        method=way,
        execution_day=told.executed[way.name],
        batch_booking=told.batch_booking,
        version=told.version,
    )
