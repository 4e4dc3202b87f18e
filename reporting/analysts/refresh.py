"""The refresh of what the views of analysts read beside the journal: titles, codes of third parties, invoices, indexes.

It continues where the last one ended, and after an interruption where that one stopped: each piece is stored with the mark
of how far it goes.
"""

from io import BytesIO
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv

from posting import payment_detail_pages
from posting.payment_detail_pages import PaymentDetails
from posting.store import analyst_store
from posting.store.analyst_store import DetailPages
from reporting.analysts.titles import list_kind_titles, stream_code_titles
from reporting.code_labels import CodeLabels
from reporting.invoices import normalise_numbers, to_arrow
from reporting.report_queries import Connection


class RefreshResult(NamedTuple):
    """What a refresh added."""

    last_entry: int
    """Up to which entry the views have titles, third parties and invoices."""
    detail_lines: int
    indexes: int


async def refresh_views(
    connection: Connection, labels: CodeLabels, *, includes_last: bool = False
) -> RefreshResult:
    """Bring what the views read to the present end of the journal.

    The indexes of the partition in use are built only if ``includes_last``: they make what is posted there later slower.

    Raises
    ------
    DatabaseUnfit
        Another refresh is at work.
    """
    await analyst_store.lock_refresh(connection)
    end = await analyst_store.read_journal_end(connection)
    await analyst_store.replace_titles(connection, list_kind_titles(), stream_code_titles(labels))
    last = mark = await analyst_store.read_mark(connection)
    payee = await analyst_store.add_payees(connection, mark.last_payee, end)
    mark, lines = mark._replace(last_payee=payee), 0
    async for pages in analyst_store.stream_detail_pages(connection, mark.last_page, end):
        table = build_detail_table(pages)
        mark = mark._replace(last_page=pages.last_entry)
        await analyst_store.add_details(connection, _encode_csv(table), mark)
        lines += table.num_rows
    mark = mark._replace(last_entry=end)
    if mark != last:  # a note without a change would make exports of the same rows begin anew
        await analyst_store.note_refresh(connection, mark)
    indexes = await analyst_store.build_missing_indexes(connection, end, includes_last=includes_last)
    return RefreshResult(end, lines, indexes)


def build_detail_table(pages: DetailPages) -> pa.Table:
    """Return a row for each line of the pages, with the columns of ``analyst_detail``; null where a line states nothing."""
    details = payment_detail_pages.read_pages(pages.first_entries, pages.contents)
    numbers = to_arrow(details.texts.invoice_number)
    part = details.rows.invoice_part
    return pa.table(
        {
            "entry_id": details.rows.entry_id,
            **{name: _to_days(details, name) for name in ("received", "due", "invoice_date")},
            "invoice_part": pa.array(part, mask=part == 0),
            "invoice_number": _blank_to_null(numbers),
            "invoice_key": _blank_to_null(normalise_numbers(numbers)),
        }
    )


def _to_days(details: PaymentDetails, name: str) -> pa.Array:
    days: NDArray[np.int32] = getattr(details.rows, name)
    return pa.array(days, mask=days == 0).cast(pa.date32())


def _blank_to_null(texts: pa.Array) -> pa.Array:
    is_blank = pc.call_function("equal", [texts, pa.scalar("")])
    return pc.call_function("if_else", [is_blank, pa.scalar(None, pa.string()), texts])


def _encode_csv(table: pa.Table) -> bytes:
    sink = BytesIO()
    csv.write_csv(table, sink, csv.WriteOptions(include_header=False))
    return sink.getvalue()
