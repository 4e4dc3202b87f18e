"""The entries that post on an account, of a part of the journal: what the journal and the general ledger list.

Both leave out acts on credits alone, which post nothing; so the trial balance, the journal and the general ledger have the
same totals of each month and the same balances (rule A02).  Openings are month 0: the trial balance has them apart.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from core.senders import RESERVED_SENDERS
from reporting.code_names import ACCOUNT, CodeNames
from reporting.report_definition import ReportArguments
from reporting.report_queries import SQL, Connection, Row, fetch_one, find_batch_or_last
from reporting.visibility import Visibility, list_centres_within


class PostingScope(NamedTuple):
    """Which entries; None for all."""

    batch: int
    """Those up to this batch."""
    entry_end: int
    """The number behind its last entry."""
    visibility: Visibility
    exercise: int | None
    accountant: int | None
    centres: Sequence[int] | None
    """The fund centres of the programme."""
    month: int | None
    first_day: date | None = None
    last_day: date | None = None
    accounts: Sequence[int] | None = None

    @property
    def part(self) -> str:
        """What both sides do not balance over, as a finding; empty if whole acts are listed.

        An act by hand has a line for each side, of which only one may be on the fund centres of the report.
        """
        if self.accounts is not None:
            return "some accounts only"
        return "" if self.centres is self.visibility.centres is None else "some lines only"

    def list_arguments(self, *, first: int = 1, end: int | None = None) -> list[Any]:
        """Return the arguments of ``posted_lines``, for the entries from ``first`` up to, not including, ``end``."""
        limits = (self.visibility.sender, self.visibility.centres, sorted(RESERVED_SENDERS))
        last = self.entry_end if end is None else min(end, self.entry_end)
        return [last, first, *limits, self.exercise, self.accountant, self.centres]


def build_statement(name: str) -> str:
    """Return a statement that begins with ``posted_lines``."""
    return f"{SQL['posted_lines']}\n{SQL[name]}"


async def fetch_posted_rows(connection: Connection, name: str, *arguments: Any) -> list[Row]:
    """Return the rows of a statement that begins with ``posted_lines``."""
    return [dict(row) for row in await connection.fetch(build_statement(name), *arguments)]


async def read_scope(connection: Connection, names: CodeNames, arguments: ReportArguments) -> PostingScope:
    """Return the entries that the arguments of a report name."""
    values = arguments.values
    batch = await find_batch_or_last(connection, values["batch"])
    end = (await fetch_one(connection, "entry_end_of_batch", batch))["entry_end"]
    programme = values["programme"]
    return PostingScope(
        batch,
        end,
        arguments.visibility,
        values["exercise"],
        values["accountant"] and names.find_accountant(values["accountant"]),
        list_centres_within(names, frozenset([programme])) if programme else None,
        values["month"],
        values.get("first_day"),
        values.get("last_day"),
        _list_accounts(names, values),
    )


def _list_accounts(names: CodeNames, values: Mapping[str, Any]) -> list[int] | None:
    """Return the accounts whose numbers in the chart begin with the digits of the argument."""
    digits = values.get("account")
    if not digits:
        return None
    return [number for number, code in names.by_number[ACCOUNT].items() if code.startswith(digits)]
