"""Queries for the facts from which delays are measured; debits are read a chunk at a time, so a year needs little memory.

For the debits after an entry, only the facts that measuring them needs are read, not the whole journal.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import date

import asyncpg
import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG, Stage, list_kinds
from core.contracts import OPPOSING_KINDS
from core.effective_dates import EffectiveDated
from core.kind_rules import Pairing
from core.late_interest import LateInterestRules
from core.sql_files import read_queries
from core.tables.columns import allocate_zeros, concat_tables
from core.tables.delays import DebitedPayments, InterestClaims, PaidPayables, ServiceEntries, SetOffs
from posting.delays import detail_queries, service_dates
from posting.delays.commitment_chains import COMMITMENT_CARRIES, SERVICE_CARRIES, follow_carries
from posting.delays.contracts import ContractDefaults, build_contract_defaults
from posting.delays.day_span import ALL_DAYS, DaySpan
from posting.delays.measurement import DivertedPart, RequestFacts
from posting.delays.receivable_queries import load_due_days
from posting.delays.service_dates import Billing
from posting.pgcopy import HEADER, TRAILER, decode
from posting.store import copy_out

SQL = read_queries("posting.delays", "queries.sql")


_EPOCH = date(1970, 1, 1)
_ITEM_CODES, _ACCOUNT_CODES = 3, 5
"""The kinds of items and accounts in ``reference_text``: the registry, which has them too, would load the compiler."""
_INTEREST_KINDS = list_kinds(lambda kind: kind.is_interest)
_DIVERTING_KINDS = list_kinds(lambda kind: kind.is_part)
_QUERY_KINDS: Mapping[str, tuple[int, ...]] = {
    "debits": list_kinds(lambda kind: kind.reaches is Stage.DEBITED),
    "set_offs": list_kinds(lambda kind: kind.pairs is Pairing.DEBT),
    "payments": list_kinds(lambda kind: kind.remits and kind.after is Stage.PAYABLE),
    "rejects": list_kinds(lambda kind: kind.after is Stage.IN_TRANSIT and kind.reaches is Stage.RETURNED),
    "identified": list_kinds(lambda kind: kind.reaches is Stage.REOPENED),
    "reissues": list_kinds(lambda kind: kind.remits and kind.after is Stage.REOPENED),
}
_REQUEST_COLUMNS = ("kind", "payee", "debit", "credit")
"""What ``DivertedPart`` has of a request, after its day."""

Connection = asyncpg.Connection


async def load_request_facts(
    connection: Connection, term_days: EffectiveDated, rules: LateInterestRules
) -> RequestFacts:
    """Load the facts of all requests; call it within a snapshot."""
    return RequestFacts(
        await detail_queries.load_request_terms(connection),
        await _load_billing(
            connection, SQL["service_entries"].format(kinds=_join_numbers(service_dates.KINDS))
        ),
        await _load_diverted_parts(connection),
        term_days,
        await _load_contract_defaults(connection, rules),
        rules.delays_since,
        await load_due_days(connection, await _read_set_offs(connection), rules.receivable_days),
    )


async def load_facts_of_debits(
    connection: Connection, rows: DebitedPayments, term_days: EffectiveDated, *, rules: LateInterestRules
) -> RequestFacts:
    """Load the facts of the requests that ``rows`` paid; call it within a snapshot."""
    is_part = np.isin(rows.kind, _DIVERTING_KINDS)
    parts = await _load_diverted_parts(connection) if is_part.any() else {}
    paid_parts = {entry: parts[entry] for entry in np.unique(rows.payable[is_part]).tolist()}
    root_requests = sorted({part.chain[-1] for part in paid_parts.values()})
    commitments_of_roots = (
        [row["predecessor"] for row in await connection.fetch(SQL["entries"], root_requests)]
        if root_requests
        else []
    )
    requests = np.concatenate([rows.payable[~is_part], np.array(root_requests, np.int64)])
    commitments = np.concatenate([rows.above[~is_part], np.array(commitments_of_roots, np.int64)])
    return RequestFacts(
        await detail_queries.load_request_terms_of(connection, np.unique(requests)),
        await _load_billing_of(connection, np.unique(commitments[commitments > 0])),
        parts,
        term_days,
        await _load_contract_defaults(connection, rules),
        rules.delays_since,
        await load_due_days(connection, _select_set_offs(rows), rules.receivable_days),
    )


async def read_debits(connection: Connection, span: DaySpan, work: Callable[[DebitedPayments], None]) -> None:
    """Call ``work`` with the payments of ``span`` that the bank debited, and the set-offs, a chunk at a time.

    This includes transfers that the bank rejected before a debit and debited after they were sent again.  Call it within a
    snapshot: it disables nested-loop joins for the rest of the transaction.
    """
    await connection.execute(SQL["disable_nested_loops"])
    select = SQL["debited"].format(**_format_reissues(0), first=span.first, last=span.last, only="")
    await _stream_debits(connection, select, work)


async def read_debits_after(connection: Connection, entry: int) -> DebitedPayments:
    """Return all debits and set-offs of every payable that one of them paid after ``entry``.

    Call it within a snapshot: it disables nested-loop joins for the rest of the transaction.
    """
    await connection.execute(SQL["disable_nested_loops"])
    payable_rows = [allocate_zeros(PaidPayables, 0)]
    select = SQL["paid_after"].format(**_format_reissues(0), after=entry)
    await copy_out.stream_rows(
        connection, select, lambda rows: payable_rows.append(decode(PaidPayables, _enclose(rows)).rows)
    )
    payables = np.unique(concat_tables(payable_rows).payable)
    debits = await _read_debits_of(connection, payables)
    if np.isin(debits.kind, _DIVERTING_KINDS).any():
        # the compensation is due once for a request with all its parts, so the debits of all of them are needed
        requests = _list_family(payables, await _load_diverted_parts(connection))
        others = await _read_debits_of(connection, np.setdiff1d(requests, payables))
        debits = concat_tables([debits, others])
    return debits


async def read_debits_of(connection: Connection, payables: NDArray[np.int64]) -> DebitedPayments:
    """Return all debits of the requests that ``payables`` are or are parts of, and of all their parts.

    Call it within a snapshot: it disables nested-loop joins for the rest of the transaction.
    """
    await connection.execute(SQL["disable_nested_loops"])
    parts = await _load_diverted_parts(connection)
    return await _read_debits_of(connection, _list_family(payables, parts))


async def _read_debits_of(connection: Connection, payables: NDArray[np.int64]) -> DebitedPayments:
    """Return all debits of ``payables``, which are in ascending order."""
    debits = [allocate_zeros(DebitedPayments, 0)]
    if len(payables):
        oldest, newest = int(payables[0]), int(payables[-1])
        only = SQL["of_payables"].format(
            wanted=_join_numbers(payables.tolist()), oldest=oldest, newest=newest
        )
        select = SQL["debited"].format(
            **_format_reissues(oldest), first=ALL_DAYS.first, last=ALL_DAYS.last, only=only
        )
        await _stream_debits(connection, select, debits.append)
    return concat_tables(debits)


def _list_family(payables: NDArray[np.int64], parts: Mapping[int, DivertedPart]) -> NDArray[np.int64]:
    """Return the requests of ``payables``, and all their parts."""
    requests = {parts[entry].chain[-1] if entry in parts else entry for entry in payables.tolist()}
    entries = [*requests, *(entry for entry, part in parts.items() if part.chain[-1] in requests)]
    return np.unique(np.array(entries, np.int64))


async def _read_set_offs(connection: Connection) -> NDArray[np.int64]:
    """Return the entries of all set-offs, ascending."""
    chunks = [allocate_zeros(SetOffs, 0)]
    select = SQL["set_offs"].format(set_offs=_join_numbers(_QUERY_KINDS["set_offs"]))
    await copy_out.stream_rows(
        connection, select, lambda rows: chunks.append(decode(SetOffs, _enclose(rows)).rows)
    )
    return concat_tables(chunks).entry_id


def _select_set_offs(rows: DebitedPayments) -> NDArray[np.int64]:
    """Return the entries of the set-offs among ``rows``, ascending."""
    return np.unique(rows.entry_id[np.isin(rows.settled_by, _QUERY_KINDS["set_offs"])])


async def _stream_debits(
    connection: Connection, select: str, work: Callable[[DebitedPayments], None]
) -> None:
    await copy_out.stream_rows(
        connection, select, lambda rows: work(decode(DebitedPayments, _enclose(rows)).rows)
    )


def _format_reissues(oldest: int) -> dict[str, str]:
    """Return the query parameters: the kinds of acts, and the transfers sent again for entries after ``oldest``."""
    kinds = {name: _join_numbers(numbers) for name, numbers in _QUERY_KINDS.items()}
    reissued = SQL["reissued"].format(**kinds, oldest=oldest)
    return {**kinds, "reissued": reissued, "oldest": str(oldest)}


def _join_numbers(numbers: Iterable[int]) -> str:
    return ",".join(map(str, numbers))


async def _load_billing(connection: Connection, select: str) -> Billing:
    return await asyncio.to_thread(
        service_dates.build_billing, await _read_service_entries(connection, select)
    )


async def _load_billing_of(connection: Connection, commitments: NDArray[np.int64]) -> Billing:
    if not len(commitments):
        return service_dates.build_billing(allocate_zeros(ServiceEntries, 0))
    chains = await _load_chains(connection, commitments)
    select = SQL["service_entries_of"].format(
        wanted=_join_numbers(chains.tolist()),
        oldest=chains[0],
        lines=_join_numbers((*service_dates.LINE_KINDS, *COMMITMENT_CARRIES)),
        followers=_join_numbers((*service_dates.UNDOING_KINDS, *SERVICE_CARRIES)),
    )
    return await _load_billing(connection, select)


async def _load_chains(connection: Connection, commitments: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ``commitments``, ascending, with all that carried them and all that they carry.

    The journal is read from the oldest of them on, and further back only where one of them is a carry.
    """
    carries, first = allocate_zeros(ServiceEntries, 0), np.iinfo(np.int64).max
    while commitments[0] < first:
        select = SQL["commitment_carries"].format(
            kinds=_join_numbers(COMMITMENT_CARRIES), first=commitments[0], end=first
        )
        carries = concat_tables([carries, await _read_service_entries(connection, select)])
        first = int(commitments[0])
        commitments = follow_carries(commitments, carries)
    return commitments


async def _read_service_entries(connection: Connection, select: str) -> ServiceEntries:
    chunks = [allocate_zeros(ServiceEntries, 0)]
    await copy_out.stream_rows(
        connection, select, lambda rows: chunks.append(decode(ServiceEntries, _enclose(rows)).rows)
    )
    return concat_tables(chunks)


async def load_claims(connection: Connection, oldest: int) -> InterestClaims:
    """Load the claims of late interest after the entry ``oldest``."""
    chunks = [allocate_zeros(InterestClaims, 0)]
    select = SQL["interest_claims"].format(kinds=_join_numbers(_INTEREST_KINDS), oldest=oldest)
    await copy_out.stream_rows(
        connection, select, lambda rows: chunks.append(decode(InterestClaims, _enclose(rows)).rows)
    )
    return concat_tables(chunks)


async def _load_diverted_parts(connection: Connection) -> dict[int, DivertedPart]:
    """Return, for each part of a request that is owed to another payee, where it comes from."""
    rows = await connection.fetch(SQL["diverted_parts"], list(_DIVERTING_KINDS))
    predecessors = {row["entry_id"]: row["predecessor"] for row in rows}
    chains = {entry: _follow_chain(entry, predecessors) for entry in predecessors}
    opposed = {row["entry_id"] for row in rows if CATALOG[row["kind"]].name in OPPOSING_KINDS}
    roots = sorted({chain[-1] for chain in chains.values()})
    root_rows = await connection.fetch(SQL["entries"], roots) if roots else []
    request = {
        row["entry_id"]: ((row["day"] - _EPOCH).days, *(row[name] for name in _REQUEST_COLUMNS))
        for row in root_rows
    }
    return {
        entry: DivertedPart(chain, *request[chain[-1]], is_opposed=not opposed.isdisjoint((entry, *chain)))
        for entry, chain in chains.items()
    }


async def _load_contract_defaults(connection: Connection, rules: LateInterestRules) -> ContractDefaults:
    rows = await connection.fetch(SQL["contract_items"], list(rules.contracts), _ITEM_CODES)
    accounts = await connection.fetch(SQL["account_codes"], _ACCOUNT_CODES)
    return build_contract_defaults(
        {row["cell"]: row["code"] for row in rows}, {row["code"]: row["id"] for row in accounts}, rules
    )


def _follow_chain(entry: int, predecessors: dict[int, int]) -> tuple[int, ...]:
    chain = []
    while entry in predecessors:
        entry = predecessors[entry]
        chain.append(entry)
    return tuple(chain)


def _enclose(rows: bytes) -> bytes:
    return b"".join([HEADER, rows, TRAILER])
