"""Send forms when they are due, whatever was answered so far, and check every answer against what was expected.

What a form took is counted from the moment it was due: a service that stalls is charged for every form that was due
meanwhile, and so is a load that comes too late itself.
"""

import asyncio
import random
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from bench.load.forms import Form, FormGenerator
from bench.load.http_connections import Address, Connection, Response
from core.outcome_codes import Outcome

ERRORS_KEPT = 10
_RESPONSE_SECONDS = 60
"""How long after the last form answers may still come."""


class LineResult(msgspec.Struct):
    """What became of a line."""

    reference: str
    outcome: str
    entry: int = 0


class FormDecision(msgspec.Struct):
    """What became of a form."""

    submission: int
    lines: list[LineResult]


@dataclass(slots=True)
class LoadSender:
    """One ministry's system: its key, what its people send, and their connections."""

    key: str
    generator: FormGenerator
    idle_connections: deque[Connection] = field(default_factory=deque)
    waiting_forms: deque[tuple[int, Form]] = field(default_factory=deque)
    """Forms that were due while no connection was free."""


@dataclass(slots=True)
class LoadTally:
    """What was answered."""

    outcomes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    error_count: int = 0
    entries_sum: int = 0
    """Of the document numbers of accepted forms: what the journal must add up to."""
    submissions: set[int] = field(default_factory=set)
    reopened: int = 0

    def add_error(self, what: str) -> None:
        """Note what must not be."""
        self.error_count += 1
        if len(self.errors) < ERRORS_KEPT:
            self.errors.append(what)


class FormDriver:
    """Drives the senders' connections through all forms of a load."""

    def __init__(
        self, address: Address, senders: Sequence[LoadSender], due: NDArray[np.float64], seed: int
    ) -> None:
        self._address, self._senders, self._due = address, senders, due
        self._request_heads = [address.build_request_head(each.key) for each in senders]
        self._decode = msgspec.json.Decoder(FormDecision).decode
        self._sender_numbers = np.random.default_rng(seed).integers(0, len(senders), len(due)).tolist()
        self._pending: dict[int, Form] = {}
        self._open: set[Connection] = set()
        self._reopening: set[asyncio.Task[None]] = set()
        self._is_over = False
        self.tally = LoadTally()
        self.started_at = 0.0
        self._launched_count = 0
        self._all_answered = asyncio.Event()
        self.lateness = np.zeros(len(due))
        """Seconds by which each form was sent too late by us, which is part of what it took; below 0, too early."""
        self.answered_at = np.zeros(len(due))
        """When each answer was whole, in seconds of the load; 0 where none came."""

    def build_connection(self, number: int) -> Connection:
        """A connection that belongs to the sender whose turn it is."""
        return Connection(self, number, self._request_heads[number % len(self._senders)])

    def add_idle(self, connections: Sequence[Connection]) -> None:
        """These are open, and take what waits for a connection or wait themselves."""
        self._open.update(connections)
        for each in connections:
            sender = self._find_sender(each)
            if sender.waiting_forms:
                index, form = sender.waiting_forms.popleft()
                each.send(index, form.body)
            else:
                sender.idle_connections.append(each)

    async def drive(self) -> None:
        """Send every form at its moment; returns when the last is answered, or was given up."""
        loop = asyncio.get_running_loop()
        self.started_at, due = loop.time(), self._due.tolist()
        for index, moment in enumerate(due):
            early = self.started_at + moment - loop.time()
            if early > 0:
                await asyncio.sleep(early)
            elif index % 64 == 0:
                await asyncio.sleep(0)
            self.lateness[index] = loop.time() - self.started_at - moment
            self._launch(index)
        self._signal_if_all_answered()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._all_answered.wait(), _RESPONSE_SECONDS)
        for form in self._pending.values():
            self.tally.add_error(f"{form.kind} {form.reference}: no answer")
        self._is_over = True

    def _signal_if_all_answered(self) -> None:
        """Tell that nothing is under way any more, once nothing more will be."""
        if not self._pending and self._launched_count == len(self._due):
            self._all_answered.set()

    def _launch(self, index: int) -> None:
        sender = self._senders[self._sender_numbers[index]]
        form = sender.stories.next()
        self._pending[index] = form
        self._launched_count += 1
        if sender.idle:
            sender.idle.popleft().send(index, form.body)
        else:
            sender.late.append((index, form))

    def handle_response(self, connection: Connection, answer: Response) -> None:
        """Check an answer, and let the connection rest or send what waits for one."""
        at, index = asyncio.get_running_loop().time(), connection.index
        form = self._pending.pop(index, None)
        if form is None:
            self.tally.add_error("an answer to nothing")
            return
        self.answered_at[index] = at - self.started_at
        sender = self._find_sender(connection)
        self._check_response(sender, form, answer)
        self._signal_if_all_answered()
        self.add_idle([connection])

    def handle_close(self, connection: Connection, was_busy: bool) -> None:
        """Open another: a service may end a connection that rests, but none that waits for an answer."""
        self._open.discard(connection)
        if self._is_over:
            return
        if was_busy:
            form = self._pending.pop(connection.index, None)
            self.tally.add_error(f"{form.kind if form else 'a form'}: the connection ended before the answer")
            self._signal_if_all_answered()
        else:
            self._find_sender(connection).idle_connections.remove(connection)
        self.tally.reopened += 1
        task = asyncio.get_running_loop().create_task(self._reopen(connection.number))
        self._reopening.add(task)
        task.add_done_callback(self._reopening.discard)

    async def _reopen(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, protocol = await loop.create_connection(lambda: self.build_connection(number), *self._address)
        except OSError as error:
            self.tally.add_error(f"a connection could not be opened again: {error}")
        else:
            self.add_idle([protocol])

    async def close(self) -> None:
        """End all connections."""
        self._is_over = True
        await asyncio.gather(*self._reopening)
        for each in self._open:
            each.close()
        await asyncio.sleep(0)  # a transport ends in the loop's next round

    def _find_sender(self, connection: Connection) -> LoadSender:
        return self._senders[connection.number % len(self._senders)]

    def _check_response(self, sender: LoadSender, form: Form, answer: Response) -> None:
        if answer.status != 200:
            self.tally.add_error(f"{form.kind} {form.reference}: {answer.status} {answer.body[:200]!r}")
            return
        found = self._decode(answer.body)
        (line,) = found.lines
        is_right = line.outcome == form.expected.name and line.reference == form.reference
        if not is_right or (form.entry and line.entry != form.entry):
            told = f"{line.outcome} of {line.reference}, entry {line.entry}"
            self.tally.add_error(
                f"{form.kind} {form.reference}: {told}; expected {form.expected.name} {form.entry}"
            )
            return
        self._count_form(form, found)
        if form.expected is Outcome.ACCEPTED:
            self.tally.entries_sum += line.entry
            sender.generator.record_accepted(form, line.entry)

    def _count_form(self, form: Form, found: FormDecision) -> None:
        self.tally.submissions.add(found.submission)
        self.tally.outcomes[form.expected.name] += 1
        self.tally.kinds[form.kind] += 1


def create_senders(keys: Sequence[str], budget: tuple[list, list], seed: int) -> list[LoadSender]:
    """A sender for each key, with stories of its own on the same budget."""
    places, payees = budget
    return [
        LoadSender(
            key,
            FormGenerator(
                f"L{seed % 1000:03}{number:02}-", places, payees, random.Random(f"{seed}/{number}")
            ),
        )
        for number, key in enumerate(keys)
    ]
