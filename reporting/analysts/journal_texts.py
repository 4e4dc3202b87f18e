"""The journal of a year as text for plain-text accounting: hledger and Beancount.

One transaction for each document (rule A06): what an act posts in one journal of one accountant, whose sides are equal.
Accounts are the numbers of the chart, with their French titles.  The text is built column by column, and written while rows
come.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.catalog import CATALOG
from core.journals import JOURNAL_OF_KIND, JOURNALS
from reporting.analysts.view_streams import (
    LedgerState,
    check_year,
    open_snapshot,
    read_state,
    read_views,
    stream_view,
)
from reporting.report_queries import Connection, Row, fetch

_GROUPS: Mapping[str, str] = {
    "1": "Equity",
    "2": "Assets",
    "3": "Assets",
    "4": "Liabilities",
    "5": "Assets",
    "6": "Expenses",
    "7": "Income",
}
"""The group of Beancount to which each class of the chart belongs."""
_OTHER_GROUP = "Equity"
_UNSAFE = r'[\x00-\x1f\x7f";\\|()]'
"""Characters that one of the two formats reads as a sign of its own: ``_`` stands for each."""
_KINDS = pa.array([kind.name for kind in CATALOG])
_FAMILIES = pa.array([kind.family.value for kind in CATALOG])
_JOURNALS = pa.array(JOURNAL_OF_KIND)
"""By number of the kind."""
_ENTRIES_AT_ONCE = 1 << 21
_CENTS_A_EURO = 100


class TextFormat(StrEnum):
    """The format of the text."""

    HLEDGER = "hledger"
    BEANCOUNT = "beancount"


async def write_journal(
    connection: Connection, file: IO[bytes], year: int, *, text_format: TextFormat, ledger: str = ""
) -> int:
    """Write the journal of an exercise to ``file``; return how many transactions it has.

    Raises
    ------
    ExportRefused
        The views are missing or not refreshed, have nothing of the year, or the ledger is not that named ``ledger``.
    """
    async with open_snapshot(connection):
        state = await read_state(connection, ledger)
        await check_year(connection, year)
        view = (await read_views(connection))["journal_line"]
        accounts = await fetch(connection, "accounts_of_exercise", year)
        file.write(_build_head(state, year, accounts, text_format=text_format).encode())
        text = JournalText(file, text_format)
        for first in range(1, state.last_entry + 1, _ENTRIES_AT_ONCE):
            last = min(first + _ENTRIES_AT_ONCE - 1, state.last_entry)
            condition = f"exercise = {year} and entry between {first} and {last} order by entry, credit_cents"
            await stream_view(connection, view, text.write, condition=condition)
        text.close()
    return text.transactions


def _build_head(state: LedgerState, year: int, accounts: Sequence[Row], *, text_format: TextFormat) -> str:
    title = f"Journal of {year}, ledger {state.ledger}, up to batch {state.batch}"
    if text_format is TextFormat.HLEDGER:
        lines = [f"; {title}", "decimal-mark .", "commodity 1000.00 EUR", ""]
        lines += [f"account {row['account']}  ; {_replace_unsafe(row['title'])}" for row in accounts]
        return "\n".join(lines) + "\n"
    lines = [f";; {title}", 'option "operating_currency" "EUR"', ""]
    for row in accounts:
        lines.append(f"{year}-01-01 open {_name_beancount_account(row['account'])} EUR")
        lines.append(f'  title: "{_replace_unsafe(row["title"])}"')
    return "\n".join(lines) + "\n"


def _name_beancount_account(account: str) -> str:
    return f"{_GROUPS.get(account[:1], _OTHER_GROUP)}:{account}"


def _replace_unsafe(text: str) -> str:
    return _make_safe(pa.array([text]))[0].as_py()


def _make_safe(texts: pa.Array) -> pa.Array:
    return pc.call_function("replace_substring_regex", [texts], pc.ReplaceSubstringOptions(_UNSAFE, "_"))


class JournalText:
    """Writes lines of the journal as transactions, in the order of their entries."""

    def __init__(self, file: IO[bytes], text_format: TextFormat) -> None:
        self._file = file
        self._build: Callable[[pa.Table], tuple[pa.Array, pa.Array]] = (
            _build_hledger if text_format is TextFormat.HLEDGER else _build_beancount
        )
        self._last_act: list[pa.Table] = []
        self.transactions = 0
        """How many were written."""

    def write(self, rows: pa.Table) -> None:
        """Take some lines; those of the last act are written once all of them are there."""
        if not rows.num_rows:
            return
        rows = pa.concat_tables([*self._last_act, rows]).combine_chunks()
        acts = _number_acts(rows)
        start = int(np.searchsorted(acts, acts[-1]))
        self._last_act = [rows.slice(start)]
        self._write_acts(rows.slice(0, start), acts[:start])

    def close(self) -> None:
        """Write the last act."""
        for rows in self._last_act:
            self._write_acts(rows, _number_acts(rows))
        self._last_act = []

    def _write_acts(self, rows: pa.Table, acts: NDArray[np.int64]) -> None:
        if not rows.num_rows:
            return
        documents = _find_first_lines(rows, acts)
        order = np.argsort(documents, kind="stable")
        is_first = np.diff(documents[order], prepend=-1) != 0
        heads, postings = self._build(rows.take(pa.array(order)).combine_chunks())
        texts = _join(pc.call_function("if_else", [pa.array(is_first), heads, pa.scalar("")]), postings)
        self._file.write(_read_bytes(texts))
        self.transactions += int(is_first.sum())


def _number_acts(rows: pa.Table) -> NDArray[np.int64]:
    """Return the number of the act of each line: the lines of an act are next to each other."""
    is_new = np.zeros(rows.num_rows, bool)
    for column in (_get(rows, "sender"), _get(rows, "reference"), _find_of_kind(rows, _FAMILIES)):
        differs = pc.call_function("not_equal", [column.slice(1), column.slice(0, len(column) - 1)])
        is_new[1:] |= differs.to_numpy(zero_copy_only=False)
    return np.cumsum(is_new)


def _find_first_lines(rows: pa.Table, acts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of the first line of the document of each line; lines of two accountants may alternate in an act."""
    accountants = pc.call_function("dictionary_encode", [_get(rows, "accountant")])
    series = accountants.indices.to_numpy() * np.int64(len(JOURNALS) + 1)
    series += _find_of_kind(rows, _JOURNALS).to_numpy()
    key = acts * ((len(accountants.dictionary) + 1) * (len(JOURNALS) + 1)) + series
    _, first, place = np.unique(key, return_index=True, return_inverse=True)
    return first[place]


def _find_of_kind(rows: pa.Table, numbers: pa.Array) -> pa.Array:
    """Return the number that each line's kind has in a column by number of the kind."""
    places = pc.call_function("index_in", [_get(rows, "kind")], pc.SetLookupOptions(_KINDS))
    return numbers.take(places)


def _build_hledger(rows: pa.Table) -> tuple[pa.Array, pa.Array]:
    """Return the head that a transaction has at each line, and its posting."""
    title, reference = (_make_safe(_get(rows, name)) for name in ("kind_title", "reference"))
    heads = _join(
        *("\n", _to_text(rows, "day"), " ", title, " ", reference, "  ; entry:", _to_text(rows, "entry")),
        *(", sender:", _make_safe(_get(rows, "sender")), ", period:", _format_period(rows), "\n"),
    )
    return heads, _join("    ", _get(rows, "account"), "  ", _format_amounts(rows), " EUR\n")


def _build_beancount(rows: pa.Table) -> tuple[pa.Array, pa.Array]:
    """Return the head that a transaction has at each line, and its posting."""
    title, reference = (_make_safe(_get(rows, name)) for name in ("kind_title", "reference"))
    heads = _join(
        *(
            "\n",
            _to_text(rows, "day"),
            ' * "',
            reference,
            '" "',
            title,
            '"\n  entry: "',
            _to_text(rows, "entry"),
        ),
        *('"\n  sender: "', _make_safe(_get(rows, "sender")), '"\n  period: "', _format_period(rows), '"\n'),
    )
    account = _get(rows, "account")
    digits = pc.call_function("utf8_slice_codeunits", [account], pc.SliceOptions(0, 1))
    places = pc.call_function("index_in", [digits], pc.SetLookupOptions(pa.array(list(_GROUPS))))
    groups = pa.array([*_GROUPS.values(), _OTHER_GROUP])
    place = pc.call_function("coalesce", [places, pa.scalar(len(_GROUPS), pa.int32())])
    return heads, _join("  ", groups.take(place), ":", account, "  ", _format_amounts(rows), " EUR\n")


def _format_amounts(rows: pa.Table) -> pa.Array:
    """Return the amounts in euros, exact to the cent; those of credits are negative."""
    debit, credit = _get(rows, "debit_cents"), _get(rows, "credit_cents")
    cents = pc.call_function("add_checked", [debit, credit])
    euros = pc.call_function("divide_checked", [cents, pa.scalar(_CENTS_A_EURO, pa.int64())])
    whole = pc.call_function("multiply_checked", [euros, pa.scalar(_CENTS_A_EURO, pa.int64())])
    rest = pc.call_function("subtract_checked", [cents, whole]).cast(pa.string())
    is_credit = pc.call_function("greater", [credit, pa.scalar(0, pa.int64())])
    sign = pc.call_function("if_else", [is_credit, pa.scalar("-"), pa.scalar("")])
    return _join(sign, euros.cast(pa.string()), ".", _pad(rest))


def _format_period(rows: pa.Table) -> pa.Array:
    return _join(_to_text(rows, "exercise"), "-", _pad(_to_text(rows, "month")))


def _pad(numbers: pa.Array) -> pa.Array:
    return pc.call_function("utf8_lpad", [numbers], pc.PadOptions(2, "0"))


def _to_text(rows: pa.Table, name: str) -> pa.Array:
    return _get(rows, name).cast(pa.string())


def _get(rows: pa.Table, name: str) -> pa.Array:
    """Return a column as one array, with an empty text where a text is null."""
    column = rows.column(name)
    array = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
    return pc.call_function("coalesce", [array, pa.scalar("")]) if pa.types.is_string(array.type) else array


def _join(*parts: pa.Array | str) -> pa.Array:
    scalars = [pa.scalar(part) if isinstance(part, str) else part for part in parts]
    return pc.call_function("binary_join_element_wise", [*scalars, pa.scalar("")])


def _read_bytes(texts: pa.Array) -> memoryview:
    """Return the texts one behind the other, without a copy."""
    offsets = memoryview(texts.buffers()[1]).cast("i")
    start, end = offsets[texts.offset], offsets[texts.offset + len(texts)]
    return memoryview(texts.buffers()[2])[start:end]
