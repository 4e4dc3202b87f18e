"""From the accepted acts of a run to its payment files: one transfer per act, in files by accountant and method."""

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
from posting.text_spans import as_arrow, take_rows
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


class AccountantStart(NamedTuple):
    """An accountant of a run, and the row of its first act in the file of acts."""

    code: str
    row: int


class IssueTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the files of a run depend on besides the journal and its lines; stored with the issue as JSON."""

    ledger: int
    """The number of the ledger, which is part of every name in the files."""
    version: Pain001Version
    created: datetime
    day: date
    """The day of payment in the books."""
    executed: Mapping[str, date]
    """Execution days by method."""
    initiator: str
    transactions_max: int
    bytes_max: int
    batch_booking: bool
    years: Mapping[int, Mapping[str, Debtor]] = msgspec.field(default_factory=dict)
    """Operations accounts by exercise and code of the accountant."""
    stretches: Sequence[AccountantStart] = ()
    """Accountants in the order of the acts."""

    def find_debtor(self, code: str, exercise: int) -> Debtor:
        """Return the account that lines of an accountant and exercise are paid from.

        Raises
        ------
        EngineError
            It was not stored when the issue began.
        """
        debtors = self.years.get(exercise, {})
        if code not in debtors:
            finding = f"no account of {code} for {exercise} was stored when the issue began"
            raise EngineError(f"{finding}; no payment file can be written")
        return debtors[code]


class AcceptedActs(NamedTuple):
    """The accepted lines of acts of a run."""

    row: NDArray[np.int64]
    """In the file of acts."""
    entry: NDArray[np.int64]


class RunTransfers(NamedTuple):
    """The transfers of a run, one per accepted act."""

    orders: TransferOrders
    line: NDArray[np.int64]
    """The row of ``PaidLines`` at which each act starts."""


class PaymentFile(NamedTuple):
    """A payment file to write."""

    name: str
    accountant: str
    method: TransferMethod
    header: PaymentFileHeader
    orders: TransferOrders

    @property
    def cents(self) -> int:
        """The control sum."""
        return sum_exactly(self.orders.amount)

    def write_parts(self) -> Iterator[bytes | memoryview]:
        """Yield the content in parts."""
        return write_message(self.header, self.orders)


def build_terms(
    rules: PaymentRules,
    accountants: Mapping[int, Mapping[str, Debtor]],
    at: datetime,
    *,
    version: Pain001Version,
    ledger: int,
) -> IssueTerms:
    """Build the terms of a run of a ledger that is issued at the given time."""
    return IssueTerms(
        ledger=ledger,
        version=version,
        created=at,
        day=rules.to_book_day(at),
        executed={
            method.name: clearing.compute_execution_day(at) for method, clearing in rules.clearings.items()
        },
        initiator=rules.initiator,
        transactions_max=rules.transactions_max,
        bytes_max=rules.bytes_max,
        batch_booking=rules.batch_booking,
        years=accountants,
    )


def build_stretches(paid: PaidLines, codes: Sequence[str]) -> list[AccountantStart]:
    """List the accountants of ``codes`` in the order of the acts."""
    numbers, rows = np.unique(paid.lines.accountant, return_index=True)
    return [
        AccountantStart(codes[int(number) - 1], int(row)) for number, row in zip(numbers, rows, strict=True)
    ]


def build_transfers(paid: PaidLines, accepted: AcceptedActs, payees: PayeeAccounts) -> RunTransfers:
    """Build the transfers of the accepted acts.

    Raises
    ------
    EngineError
        An order is invalid: no run may propose it.
    """
    entry = np.zeros(len(paid.act_start), np.int64)
    entry[accepted.row] = accepted.entry
    is_accepted = entry[paid.act_start] > 0
    act_is_accepted = is_accepted[paid.act_rows]
    starts = paid.act_rows[act_is_accepted]
    accounts = _index_distinct(payees.find_rows(paid.lines.details[starts], paid.lines.payee[starts]))
    names = transliterate_names(take_rows(payees.name, accounts.values))
    orders = TransferOrders(
        entry[starts],
        _sum_acts(paid)[act_is_accepted],
        take_rows(names, accounts.position),
        take_rows(payees.iban, accounts.values[accounts.position]),
        take_rows(payees.bic, accounts.values[accounts.position]),
        transliterate_texts(_build_remittances(paid, is_accepted)),
    )
    # it is enough to check one order per account, and all amounts
    one_per_account = np.empty(len(accounts.values), np.int64)
    one_per_account[accounts.position] = np.arange(len(accounts.position))
    validate_orders(take_orders(orders, one_per_account))
    if not (orders.amount > 0).all():
        raise EngineError("a transfer has the amount 0; no file was written")
    return RunTransfers(orders, starts)


class _Distinct(NamedTuple):
    values: NDArray[np.int64]
    """The distinct values, ascending."""
    position: NDArray[np.int64]
    """Position of each original value in ``values``."""


def _index_distinct(values: NDArray[np.int64]) -> _Distinct:
    """Return the distinct ``values``, which are small numbers, without sorting."""
    is_present = np.zeros(int(values.max(initial=-1)) + 1, bool)
    is_present[values] = True
    return _Distinct(np.flatnonzero(is_present), (np.cumsum(is_present) - 1)[values])


def _sum_acts(paid: PaidLines) -> NDArray[np.int64]:
    if not len(paid.act_start):
        return np.zeros(0, np.int64)
    return np.add.reduceat(paid.lines.amount, paid.act_rows)


def _build_remittances(paid: PaidLines, is_accepted: NDArray[np.bool_]) -> TextCells:
    """Return the text of each transfer; those of grouped lines are joined, and cut later to the maximal length."""
    rows = np.flatnonzero(is_accepted)
    texts = take_rows(paid.remittance, rows)
    starts = np.flatnonzero(paid.act_start[rows] == rows)
    if len(starts) == len(rows):
        return texts
    offsets = pa.array(np.append(starts, len(rows)).astype(np.int32))
    lists = pa.ListArray.from_arrays(offsets, as_arrow(texts))
    return to_text_cells(pc.call_function("binary_join", [lists, pa.scalar(", ")]))


def build_files(
    run: int, paid: PaidLines, transfers: RunTransfers, *, terms: IssueTerms, accountants: Sequence[str]
) -> Iterator[PaymentFile]:
    """Yield the files of a run, in order; ``accountants`` are the codes by the numbers of its lines from 1."""
    limits = FileLimits(terms.transactions_max, terms.bytes_max)
    accountant, methods = paid.lines.accountant[transfers.line], paid.lines.way[transfers.line]
    for number, method in _list_sets(accountant, methods):
        rows = np.flatnonzero((accountant == number) & (methods == method))
        code, part = accountants[number - 1], 0
        for debtor, own_rows in _split_by_account(
            terms, code, rows, exercises=paid.lines.exercise[transfers.line[rows]]
        ):
            orders = take_orders(transfers.orders, own_rows)
            sizes = measure_transfers(orders, terms.version)
            for file_rows in split_rows(sizes, orders.amount, limits):
                part += 1
                name = f"{terms.ledger:02}-{run}-{code}-{method.name}-{part}"
                header = _build_header(name, terms, debtor, method=method)
                yield PaymentFile(f"{name}.xml", code, method, header, take_orders(orders, file_rows))


def _split_by_account(
    terms: IssueTerms, code: str, rows: NDArray[np.int64], *, exercises: NDArray[np.int16]
) -> Iterator[tuple[Debtor, NDArray[np.int64]]]:
    """Yield the rows of an accountant by the account that they are paid from: one, unless exercises differ."""
    years = np.unique(exercises).tolist()
    debtor_of = {year: terms.find_debtor(code, year) for year in years}
    for debtor in dict.fromkeys(debtor_of.values()):
        years_of_debtor = [year for year in years if debtor_of[year] == debtor]
        yield debtor, rows[np.isin(exercises, years_of_debtor)]


class _FileSet(NamedTuple):
    accountant: int
    method: TransferMethod


def _list_sets(accountant: NDArray[np.int16], method: NDArray[np.int16]) -> list[_FileSet]:
    """List each accountant with each of its methods, in order."""
    methods = max(TransferMethod) + 1
    keys = np.unique(accountant.astype(np.int64) * methods + method).tolist()
    return [_FileSet(key // methods, TransferMethod(key % methods)) for key in keys]


def _build_header(
    name: str, terms: IssueTerms, debtor: Debtor, *, method: TransferMethod
) -> PaymentFileHeader:
    return PaymentFileHeader(
        ledger=terms.ledger,
        message_id=f"CRSC-{name}",
        created=terms.created,
        initiator=terms.initiator,
        debtor=debtor,
        method=method,
        execution_day=terms.executed[method.name],
        batch_booking=terms.batch_booking,
        version=terms.version,
    )
