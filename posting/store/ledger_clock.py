"""The clocks of this machine and of the database: neither may be before the last time that the ledger has stored.

With a clock that is set back, a key, a token or a signer that has ended would be valid again, and what is stored would bear
times before that of what it follows.  The two clocks may be of two machines, so each is compared.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from core.errors import ClockSetBack, CrescendoError
from core.person_decisions import Decision, DecisionKind, StatedPerson
from core.sql_files import read_queries
from posting.store import person_proof

SQL = read_queries("posting.store", "clock.sql")
Connection = Any
TOLERANCE = timedelta(seconds=10)
"""How far a clock may be before the last stored time.

Two machines that follow NTP differ by less than a second, and chrony steps a clock back only within its first measurements;
a leap second is one second.  Nothing that ends in the ledger lasts so short a time that ten seconds more would count.
"""
REMEDY = (
    "Set the clock right, and what waits continues; if the stored time is wrong, because the clock was too far ahead once, an"
    " operator records that with crescendo db correct-clock"
)


class RefusedCorrection(CrescendoError):
    """A correction that the ledger does not need, or that names another time than the last stored one."""


class StoredTime(NamedTuple):
    """A time that the ledger has stored, and of what."""

    subject: str
    at: datetime


def find_setback(whose: str, now: datetime, last: StoredTime) -> ClockSetBack | None:
    """Return the error of a clock that is before the last stored time by more than the tolerance; None if it is not."""
    if now >= last.at - TOLERANCE:
        return None
    return ClockSetBack(
        f"the clock of {whose} is set back: it says {_format_moment(now)}, and the ledger has stored"
        f" {_format_moment(last.at)} for {last.subject}, so what has ended since would hold again. {REMEDY}"
    )


_NOTHING_STORED = StoredTime("nothing", datetime.fromtimestamp(0, UTC))


class LedgerClock:
    """The last stored time, and the comparison of both clocks with it."""

    def __init__(self) -> None:
        self._last, self._database_time = _NOTHING_STORED, _NOTHING_STORED.at

    async def read(self, connection: Connection) -> None:
        """Read the last stored time and the clock of the database."""
        rows = await connection.fetch(SQL["last_times"])
        self._database_time = rows[0]["database_time"]
        self._last = max((StoredTime(row["subject"], row["at"]) for row in rows), key=lambda time: time.at)

    def find_setback(self) -> ClockSetBack | None:
        """Return the error of the clock that is set back: this machine's now, or the database's as it was read last."""
        own = find_setback("this machine", datetime.now(UTC), self._last)
        return own or find_setback("the database server", self._database_time, self._last)

    @property
    def last(self) -> StoredTime:
        """The last stored time."""
        return self._last

    def check(self) -> None:
        """Check both clocks, without a query.

        Raises
        ------
        ClockSetBack
            One of them is before the last stored time.
        """
        if setback := self.find_setback():
            raise setback

    def follow_commit(self, batch: int, at: datetime) -> None:
        """Follow the time that the database gives a batch, before its transaction commits.

        Raises
        ------
        ClockSetBack
            It is before the last stored time.
        """
        self._database_time = at
        if setback := find_setback("the database server", at, self._last):
            raise setback
        self._last = max(self._last, StoredTime(f"batch {batch}", at), key=lambda time: time.at)


async def check_clocks(connection: Connection) -> None:
    """Check the clocks of this machine and of the database.

    Raises
    ------
    ClockSetBack
        One of them is before the last stored time.
    """
    clock = LedgerClock()
    await clock.read(connection)
    clock.check()


async def store_correction(
    connection: Connection, wrong_time: datetime, *, reason: str, by: StatedPerson
) -> int:
    """Store that the last stored time is wrong, and return the number of the correction; times stored so far no longer count.

    Raises
    ------
    PersonNotProved
        Who corrects it did not prove to be that person, or is no operator.
    RefusedCorrection
        No clock is before the last stored time, or ``wrong_time`` is another one.
    """
    clock = LedgerClock()
    async with connection.transaction():
        decider = await person_proof.prove_under_lock(connection, by, Decision(DecisionKind.CLOCK))
        await clock.read(connection)
        stored = clock.last.at.replace(microsecond=0)
        if clock.find_setback() is None:
            raise RefusedCorrection(
                f"no clock is before the last stored time, {_format_moment(stored)}: nothing is corrected"
            )
        if wrong_time != stored:
            raise RefusedCorrection(
                f"the last stored time is {_format_moment(stored)}, not {_format_moment(wrong_time)}: nothing is corrected"
            )
        if not await connection.fetchval(SQL["is_database_behind"], clock.last.at):
            raise RefusedCorrection(
                f"the clock of the database is not before {_format_moment(stored)}, only that of this machine is: set that one"
            )
        number = await connection.fetchval(SQL["insert_correction"], clock.last.at, reason, decider.name)
        await person_proof.store_decision(connection, decider, DecisionKind.CLOCK, number=number)
        return number


def _format_moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
