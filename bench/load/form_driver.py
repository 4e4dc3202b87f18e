"""Send forms when they are due, whether or not earlier ones are answered, and check every response.

The latency of a form counts from the moment it was due.  So a service that stalls is charged for every form due meanwhile,
and a load that sends too late is charged as well.
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
from bench.load.load_budget import LoadBudget
from core.outcome_codes import Outcome

ERRORS_KEPT = 10
_RESPONSE_SECONDS = 60
"""How long the driver waits for responses after the last form."""


class LineResult(msgspec.Struct):
    """The outcome of a line."""

    reference: str
    outcome: str
    entry: int = 0


class FormDecision(msgspec.Struct):
    """The result of a form."""

    submission: int
    lines: list[LineResult]


@dataclass(slots=True)
class LoadSender:
    """The system of one ministry: its key, the generator of its users' forms, and their connections."""

    key: str
    generator: FormGenerator
    idle_connections: deque[Connection] = field(default_factory=deque)
    waiting_forms: deque[tuple[int, Form]] = field(default_factory=deque)
    """Forms that were due while no connection was free."""


@dataclass(slots=True)
class LoadTally:
    """Counts of the responses."""

    outcomes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    error_count: int = 0
    entries_sum: int = 0
    """The sum of the document numbers of accepted forms, which the journal must equal."""
    submissions: set[int] = field(default_factory=set)
    reopened: int = 0

    def add_error(self, error: str) -> None:
        """Count an error; keep the text of the first ones."""
        self.error_count += 1
        if len(self.errors) < ERRORS_KEPT:
            self.errors.append(error)


class FormDriver:
    """Sends all forms of a load over the senders' connections."""

    def __init__(
        self, address: Address, senders: Sequence[LoadSender], due: NDArray[np.float64], *, seed: int
    ) -> None:
        self._address, self._senders, self._due = address, senders, due
        self._request_heads = [address.build_request_head(sender.key) for sender in senders]
        self._decode = msgspec.json.Decoder(FormDecision).decode
        self._sender_numbers = np.random.default_rng(seed).integers(0, len(senders), len(due)).tolist()
        self._pending: dict[int, Form] = {}
        self._open: set[Connection] = set()
        self._reopening: set[asyncio.Task[None]] = set()
        self._is_over = False
        self.tally = LoadTally()
        self.started_at = 0.0
        self.launched_count = 0
        self._is_stopped = self._is_all_sent = False
        self._all_answered = asyncio.Event()
        self.lateness = np.zeros(len(due))
        """Seconds by which the driver sent each form late, which are part of its latency; below 0, early."""
        self.answered_at = np.zeros(len(due))
        """When each response was complete, in seconds since the load began; 0 without a response."""

    def build_connection(self, number: int) -> Connection:
        """Build the connection with this number; the senders take turns."""
        return Connection(self, number, self._request_heads[number % len(self._senders)])

    def add_idle(self, connections: Sequence[Connection]) -> None:
        """Let open connections send forms that wait for one; the others become idle."""
        self._open.update(connections)
        for connection in connections:
            sender = self._find_sender(connection)
            if sender.waiting_forms:
                index, form = sender.waiting_forms.popleft()
                connection.send(index, form.body)
            else:
                sender.idle_connections.append(connection)

    async def drive(self) -> None:
        """Send every form when it is due, until ``stop``; return when all are answered, or the time for responses is over."""
        loop = asyncio.get_running_loop()
        self.started_at, due = loop.time(), self._due.tolist()
        for index, moment in enumerate(due):
            early = self.started_at + moment - loop.time()
            if early > 0:
                await asyncio.sleep(early)
            elif index % 64 == 0:
                await asyncio.sleep(0)
            if self._is_stopped:
                break
            self.lateness[index] = loop.time() - self.started_at - moment
            self._launch(index)
        self._is_all_sent = True
        self._signal_end_of_forms()
        with suppress(TimeoutError):
            async with asyncio.timeout(_RESPONSE_SECONDS):
                await self._all_answered.wait()
        for form in self._pending.values():
            self.tally.add_error(f"{form.kind} {form.reference}: no response")
        self._is_over = True

    def stop(self) -> None:
        """Send no more forms."""
        self._is_stopped = True

    def _signal_end_of_forms(self) -> None:
        """Set the event once every form is sent and answered."""
        if not self._pending and self._is_all_sent:
            self._all_answered.set()

    def _launch(self, index: int) -> None:
        sender = self._senders[self._sender_numbers[index]]
        form = sender.generator.next_form()
        self._pending[index] = form
        self.launched_count += 1
        if sender.idle_connections:
            sender.idle_connections.popleft().send(index, form.body)
        else:
            sender.waiting_forms.append((index, form))

    def handle_response(self, connection: Connection, response: Response) -> None:
        """Check a response; then the connection sends a waiting form or becomes idle."""
        now, index = asyncio.get_running_loop().time(), connection.index
        form = self._pending.pop(index, None)
        if form is None:
            self.tally.add_error("a response without a form")
            return
        self.answered_at[index] = now - self.started_at
        sender = self._find_sender(connection)
        self._check_response(sender, form, response)
        self._signal_end_of_forms()
        self.add_idle([connection])

    def handle_close(self, connection: Connection, was_busy: bool) -> None:
        """Open another connection: the service may close an idle connection, but none that waits for a response."""
        self._open.discard(connection)
        if self._is_over:
            return
        if was_busy:
            form = self._pending.pop(connection.index, None)
            self.tally.add_error(
                f"{form.kind if form else 'a form'}: the connection ended before the response"
            )
            self._signal_end_of_forms()
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
        """Close all connections."""
        self._is_over = True
        await asyncio.gather(*self._reopening)
        for connection in self._open:
            connection.close()
        await asyncio.sleep(0)  # a transport closes in the next iteration of the loop

    def _find_sender(self, connection: Connection) -> LoadSender:
        return self._senders[connection.number % len(self._senders)]

    def _check_response(self, sender: LoadSender, form: Form, response: Response) -> None:
        if response.status != 200:
            self.tally.add_error(f"{form.kind} {form.reference}: {response.status} {response.body[:200]!r}")
            return
        decision = self._decode(response.body)
        (line,) = decision.lines
        is_expected = line.outcome == form.expected.name and line.reference == form.reference
        if not is_expected or (form.entry and line.entry != form.entry):
            actual = f"{line.outcome} of {line.reference}, entry {line.entry}"
            self.tally.add_error(
                f"{form.kind} {form.reference}: {actual}; expected {form.expected.name} {form.entry}"
            )
            return
        self._count_form(form, decision)
        if form.expected is Outcome.ACCEPTED:
            self.tally.entries_sum += line.entry
            sender.generator.record_form(form, line.entry)

    def _count_form(self, form: Form, decision: FormDecision) -> None:
        self.tally.submissions.add(decision.submission)
        self.tally.outcomes[form.expected.name] += 1
        self.tally.kinds[form.kind] += 1


def create_senders(keys: Sequence[str], budget: LoadBudget, seed: int) -> list[LoadSender]:
    """Create a sender for each key, each with its own form generator on the same budget."""
    return [
        LoadSender(
            key,
            FormGenerator(f"L{seed % 1000:03}{number:02}-", budget, random.Random(f"{seed}/{number}")),
        )
        for number, key in enumerate(keys)
    ]
