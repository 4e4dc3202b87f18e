"""The life of an act: what became of its lines, why, what they changed, what followed, and what proves it."""

import re
from collections.abc import Sequence

import msgspec

from core.catalog import CATALOG, KIND_NUMBER
from reporting.act_history import FROM_THE_START, Lives, Telling, accepted_lines, refused_lines, tell
from reporting.act_rows import brief, following
from reporting.act_views import AcceptedLine, Brief, RefusedStory
from reporting.proofs import prove_link
from reporting.report_queries import Connection, Row
from reporting.visibility import Asked
from service.http import query_scope
from service.http.http_messages import Answer, Request, answer
from service.http.journal_queries import Question
from service.http.problems import malformed
from service.http.query_scope import Eyes, Page
from service.http.service_context import Desk

LINES_MAX = 100
_CURSOR = re.compile(r"entry-([0-9]{1,18})|refusal-([0-9]{1,18})-([0-9]{1,9})")
_ACT = ("reference", "sender", "exercise", "kind", "proof", "limit", "after")
KINDS = tuple(kind.name for kind in CATALOG[1:])


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that holds some of these lines: the head of the chain behind it."""

    batch: int
    committed_at: str
    chain: str
    computed: str | None
    """What its rows hash to, with the chain before it; null unless ``proof=true``."""
    holds: bool | None
    """Whether that is the same."""


class ActPage(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of acts: the accepted ones in order of their document numbers, then the refused ones."""

    accepted: list[AcceptedLine]
    refused: list[RefusedStory]
    batches: list[Sealed]
    is_whole: bool
    """False where followers or duplicates are left off: ``/v1/acts/{entry}/followers`` has them all."""
    next: str | None


class FollowerPage(msgspec.Struct, frozen=True):
    """What follows an entry directly, in order."""

    followers: list[Brief]
    next: str | None


class ActLives:
    """Handlers of the questions below ``/v1/acts``."""

    def __init__(self, desk: Desk, eyes: Eyes) -> None:
        self._desk, self._eyes = desk, eyes

    async def by_reference(self, request: Request) -> Answer:
        """Every line of a reference that the caller sees, accepted or refused."""
        request.knows_only(*_ACT)
        kind = request.choice("kind", KINDS)
        asked = await self._eyes.asked(request, [KIND_NUMBER[kind]] if kind else None)
        names = await self._desk.names()
        limit, start = request.number("limit", 20, (1, LINES_MAX)), request.text("after", 50)
        after = _cursor(start)

        async def page(connection: Connection) -> ActPage:
            lines = await _lines(connection, asked, after, limit)
            if not (any(lines) or start):
                raise await query_scope.nothing(connection, asked)
            told = await tell(connection, names, lines, Telling(request.language, query_scope.FOLLOWERS_MAX))
            more = (
                query_scope.next_page(request, _ACT, _last(lines)) if sum(map(len, lines)) == limit else None
            )
            return await _page(connection, told, more, request)

        return answer(await self._found(request, page))

    async def by_entry(self, request: Request) -> Answer:
        """The line of a document number."""
        request.knows_only("proof")
        sight, names = await self._eyes.of(request), await self._desk.names()

        async def page(connection: Connection) -> ActPage:
            row = await query_scope.seen(connection, sight, int(request.path["entry"]))
            told = await tell(
                connection, names, ([row], []), Telling(request.language, query_scope.FOLLOWERS_MAX)
            )
            return await _page(connection, told, None, request)

        return answer(await self._found(request, page))

    async def followers(self, request: Request) -> Answer:
        """What follows an entry, a page at a time."""
        request.knows_only("limit", "after")
        sight, (after, limit) = await self._eyes.of(request), Page.of(request, 100, 1000)

        async def page(connection: Connection) -> list[Row]:
            row = await query_scope.seen(connection, sight, int(request.path["entry"]))
            return await following(connection, [row["entry_id"]], limit, after)

        rows = await self._desk.journal.look_up(page, request.who.sender)
        found = [brief(each) for each in rows]
        more = query_scope.next_page(request, ("limit",), found[-1].entry) if len(found) == limit else None
        return answer(FollowerPage(found, more))

    async def _found(self, request: Request, page: Question[ActPage]) -> ActPage:
        """A page; one whose batches are hashed again is made as a report is: they may be large."""
        journal = self._desk.journal
        asked = journal.report if request.flag("proof") else journal.look_up
        return await asked(page, request.who.sender)


async def _lines(
    connection: Connection, asked: Asked, after: tuple[int | None, tuple[int, int]], limit: int
) -> tuple[list[Row], list[Row]]:
    """Up to ``limit`` lines: accepted ones behind an entry, then refused ones behind a place."""
    entry, place = after
    accepted = [] if entry is None else await accepted_lines(connection, asked, entry, limit)
    left = limit - len(accepted)
    return accepted, await refused_lines(connection, asked, place, left) if left else []


async def _page(connection: Connection, told: Lives, more: str | None, request: Request) -> ActPage:
    proved = request.flag("proof")
    return ActPage(
        accepted=told.accepted
        if query_scope.sees_bank_details(request.who)
        else list(map(_veiled, told.accepted)),
        refused=told.refused,
        batches=[await _sealed(connection, batch, proved) for batch in told.batches],
        is_whole=told.is_whole,
        next=more,
    )


async def _sealed(connection: Connection, batch: Row, proved: bool) -> Sealed:
    link = await prove_link(connection, batch) if proved else None
    return Sealed(
        batch=batch["batch"],
        committed_at=batch["committed_at"].isoformat(),
        chain=batch["chain"].hex(),
        computed=link.computed if link else None,
        holds=link.holds if link else None,
    )


def _veiled(line: AcceptedLine) -> AcceptedLine:
    return msgspec.structs.replace(line, payee=query_scope.veiled(line.payee))


def _cursor(text: str) -> tuple[int | None, tuple[int, int]]:
    """Where a page begins: behind an entry, or, no entries any more, behind a refusal; the start when empty."""
    if not text:
        return 0, FROM_THE_START
    if not (found := _CURSOR.fullmatch(text)):
        raise malformed("after must be what the page before calls next")
    entry, batch, position = found.groups()
    return (int(entry), FROM_THE_START) if entry else (None, (int(batch), int(position)))


def _last(lines: tuple[Sequence[Row], Sequence[Row]]) -> str:
    accepted, refused = lines
    if refused:
        return f"refusal-{refused[-1]['batch']}-{refused[-1]['position']}"
    return f"entry-{accepted[-1]['entry_id']}"
