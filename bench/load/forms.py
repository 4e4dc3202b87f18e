"""The forms of a load: acts of people at their screens, each with what must become of it.

Every sender tells stories of its own: a commitment, perhaps raised, service certified on it, what was served asked to be
paid; payments without commitment; now and then a form sent twice, changed after it was accepted, or asking for too much.
"""

import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from bench.load.load_budget import DATE_FIELDS, OVERDRAWN_EUROS, LoadAssignment, Payee, Row
from core.money import CENTS_PER_EURO
from core.outcome_codes import Outcome

SHARES: Mapping[str, int] = {
    "commitment": 28,
    "commitment_increase": 4,
    "service": 22,
    "payment_request": 20,
    "direct_payment_request": 20,
    "twice": 2,
    "changed": 1,
    "overdrawn": 2,
    "nowhere": 1,
}
"""Parts of a hundred; where nothing is there to follow or to repeat, a commitment comes instead."""

_REMEMBERED = 500
"""Accepted forms that each sender keeps at hand, to follow or to repeat."""

_MOST_CENTS = 5_000_000
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class OpenCommitment:
    """An accepted commitment, and the cents that may still be certified on it, and asked to be paid."""

    reference: str
    open: int
    unbilled: int = 0


class Form(NamedTuple):
    """A form to send, and what must become of it."""

    kind: str
    reference: str
    body: bytes
    expected: Outcome
    cents: int
    commitment: OpenCommitment | None = None
    entry: int = 0
    """Of a repeated form, the document number that the answer must name."""


@dataclass(slots=True)
class FormGenerator:
    """What one sender sends next."""

    prefix: str
    places: list[LoadAssignment]
    payees: list[Payee]
    rng: random.Random
    _number: int = 0
    _open: deque[OpenCommitment] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _served: deque[OpenCommitment] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _accepted: deque[tuple[Form, int]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def next_form(self) -> Form:
        """The next form: only what was answered before is followed."""
        (kind,) = self.rng.choices(*_KIND_WEIGHTS)
        if kind in _REPEAT_KINDS and self._accepted:
            return self._repeat_accepted(kind)
        if kind in _FOLLOWER_KINDS and self._open:
            return self._build_follower(kind, self._open)
        if kind == "payment_request" and self._served:
            return self._build_follower(kind, self._served)
        return self._build_first(kind if kind in _FIRST_KINDS else "commitment")

    def record_accepted(self, form: Form, entry: int) -> None:
        """A form was accepted with this document number: it may be followed, and repeated."""
        self._accepted.append((form, entry))
        if form.kind == "commitment":
            self._open.append(OpenCommitment(form.reference, form.cents))
        elif form.commitment is not None:
            self._update_commitment(form, form.commitment)

    def _update_commitment(self, form: Form, commitment: OpenCommitment) -> None:
        if form.kind == "service":
            commitment.unbilled += form.cents
            self._served.append(commitment)
        elif form.kind == "commitment_increase":
            commitment.open += form.cents
            self._open.append(commitment)

    def _next_reference(self) -> str:
        self._number += 1
        return f"{self.prefix}{self._number:08}"

    def _build_first(self, kind: str) -> Form:
        place, cents = self.rng.choice(self.places), self.rng.randrange(1_000, _MOST_CENTS)
        said, expected = place.to_row(), Outcome.ACCEPTED
        if kind == "nowhere":
            said["fund_centre"], expected = place.unit[:-4] + "XXXX", Outcome.FUND_CENTRE_UNKNOWN
        if kind == "overdrawn":
            cents, expected = OVERDRAWN_EUROS * CENTS_PER_EURO, Outcome.AE_EXCEEDED
        if kind == "direct_payment_request":
            said |= self._draw_payee()
        return self._build_form(
            kind if kind == "direct_payment_request" else "commitment", (said, cents), expected
        )

    def _build_follower(self, kind: str, waiting: deque[OpenCommitment]) -> Form:
        """Follow a commitment, which nobody else follows until this is answered."""
        found = waiting.popleft()
        most = found.unbilled if kind == "payment_request" else found.open
        cents = self.rng.randrange(1_000, _MOST_CENTS) if kind == "commitment_increase" else most
        if kind == "payment_request":
            found.unbilled = 0
        elif kind == "service":
            found.open = 0
        said = {"predecessor": found.reference} | (self._draw_payee() if kind == "payment_request" else {})
        return self._build_form(kind, (said, cents), Outcome.ACCEPTED, found)

    def _repeat_accepted(self, kind: str) -> Form:
        form, entry = self._accepted.popleft()
        if kind == "twice":
            return form._replace(kind=kind, expected=Outcome.DUPLICATE, commitment=None, entry=entry)
        body = form.body.replace(b'"date":"', b'"remittance":"changed","date":"')
        return form._replace(kind=kind, body=body, expected=Outcome.REFERENCE_CONFLICT, commitment=None)

    def _draw_payee(self) -> Row:
        payee = self.rng.choice(self.payees)
        return {"payee": payee.code, "iban": payee.iban}

    def _build_form(
        self, kind: str, said: tuple[Row, int], expected: Outcome, commitment: OpenCommitment | None = None
    ) -> Form:
        reference, (row, cents) = self._next_reference(), said
        euros, rest = divmod(cents, CENTS_PER_EURO)
        head = {"reference": reference, "kind": kind, **DATE_FIELDS}
        body = _encode({**head, **row, "amount": f"{euros}.{rest:02}"})
        return Form(kind, reference, body, expected, cents, commitment)


_KIND_WEIGHTS = (tuple(SHARES), tuple(SHARES.values()))
_REPEAT_KINDS, _FOLLOWER_KINDS = (
    frozenset({"twice", "changed"}),
    frozenset({"service", "commitment_increase"}),
)
_FIRST_KINDS = frozenset({"commitment", "direct_payment_request", "overdrawn", "nowhere"})
