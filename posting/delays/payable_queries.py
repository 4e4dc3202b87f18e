"""Queries for what one sender owes, so that its payments can be told from those of others."""

import asyncpg
import numpy as np
from numpy.typing import NDArray

from core.catalog import Family, list_kinds
from core.senders import RESERVED_SENDERS
from core.sql_files import read_queries
from core.tables.columns import allocate_zeros, concat_tables
from core.tables.delays import PaidPayables
from posting.pgcopy import HEADER, TRAILER, decode
from posting.store import copy_out

SQL = read_queries("posting.delays", "payable_queries.sql")
_PAYABLES = list_kinds(lambda kind: kind.family is Family.PAYMENT_REQUEST)
_INTEREST = list_kinds(lambda kind: kind.is_interest)


async def read_payables(connection: asyncpg.Connection, sender: str) -> NDArray[np.int64]:
    """Return the entries of what ``sender`` owes, in ascending order."""
    chunks = [allocate_zeros(PaidPayables, 0)]
    select = SQL["payables"].format(
        payables=",".join(map(str, _PAYABLES)),
        interest=",".join(map(str, _INTEREST)),
        sender=await connection.fetchval(SQL["quote"], sender),
        reserved=",".join(f"'{name}'" for name in sorted(RESERVED_SENDERS)),
    )
    await copy_out.stream_rows(
        connection, select, lambda rows: chunks.append(decode(PaidPayables, _enclose(rows)).rows)
    )
    return np.sort(concat_tables(chunks).payable)


def _enclose(rows: bytes) -> bytes:
    return b"".join([HEADER, rows, TRAILER])
