"""The forms of a load: acts that users enter, each with its expected outcome.

Every sender generates chains of acts: a commitment, perhaps increased, a certified service on it, a payment request for
it; also payments without a commitment, and now and then a form sent twice, changed after acceptance, or above the credits.
"""

import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from bench.load.load_budget import OVERDRAWN_EUROS, LoadBudget, Row
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
"""Percent of the forms; a form that has no act to follow or to repeat becomes a commitment."""

_REMEMBERED = 500
"""Accepted forms that each sender remembers, to follow or to repeat."""

_CENTS_MAX = 5_000_000
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class OpenCommitment:
    """An accepted commitment, with the cents still open for certification and the certified cents not yet requested."""

    reference: str
    open: int
    unbilled: int = 0


class Form(NamedTuple):
    """A form to send, with its expected outcome."""

    kind: str
    reference: str
    body: bytes
    expected: Outcome
    cents: int
    commitment: OpenCommitment | None = None
    entry: int = 0
    """The document number that the response to a repeated form must contain."""


@dataclass(slots=True)
class FormGenerator:
    """Generates the forms of one sender."""

    prefix: str
    budget: LoadBudget
    rng: random.Random
    _number: int = 0
    _open: deque[OpenCommitment] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _served: deque[OpenCommitment] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _accepted: deque[tuple[Form, int]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def next_form(self) -> Form:
        """Return the next form; it follows or repeats only acts that were answered before."""
        (kind,) = self.rng.choices(*_KIND_WEIGHTS)
        if kind in _REPEAT_KINDS and self._accepted:
            return self._repeat_form(kind)
        if kind in _FOLLOWER_KINDS and self._open:
            return self._build_follower(kind, self._open)
        if kind == "payment_request" and self._served:
            return self._build_follower(kind, self._served)
        return self._build_first(kind if kind in _FIRST_KINDS else "commitment")

    def record_form(self, form: Form, entry: int) -> None:
        """Remember an accepted form and its document number, to follow and to repeat it."""
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
        assignment = self.rng.choice(self.budget.assignments)
        cents = self.rng.randrange(1_000, _CENTS_MAX)
        row, expected = assignment.to_row(), Outcome.ACCEPTED
        if kind == "nowhere":
            row["fund_centre"], expected = assignment.unit[:-4] + "XXXX", Outcome.FUND_CENTRE_UNKNOWN
        if kind == "overdrawn":
            cents, expected = OVERDRAWN_EUROS * CENTS_PER_EURO, Outcome.AE_EXCEEDED
        if kind == "direct_payment_request":
            row |= self._draw_payee()
        act_kind = kind if kind == "direct_payment_request" else "commitment"
        return self._build_form(act_kind, row, cents, expected=expected)

    def _build_follower(self, kind: str, commitments: deque[OpenCommitment]) -> Form:
        """Build an act that follows a commitment; no other follows it until this one is answered."""
        commitment = commitments.popleft()
        available = commitment.unbilled if kind == "payment_request" else commitment.open
        cents = self.rng.randrange(1_000, _CENTS_MAX) if kind == "commitment_increase" else available
        if kind == "payment_request":
            commitment.unbilled = 0
        elif kind == "service":
            commitment.open = 0
        row = {"predecessor": commitment.reference}
        row |= self._draw_payee() if kind == "payment_request" else {}
        return self._build_form(kind, row, cents, expected=Outcome.ACCEPTED, commitment=commitment)

    def _repeat_form(self, kind: str) -> Form:
        form, entry = self._accepted.popleft()
        if kind == "twice":
            return form._replace(kind=kind, expected=Outcome.DUPLICATE, commitment=None, entry=entry)
        body = form.body.replace(b'"date":"', b'"remittance":"changed","date":"')
        return form._replace(kind=kind, body=body, expected=Outcome.REFERENCE_CONFLICT, commitment=None)

    def _draw_payee(self) -> Row:
        payee = self.rng.choice(self.budget.payees)
        return {"payee": payee.code, "iban": payee.iban}

    def _build_form(
        self,
        kind: str,
        row: Row,
        cents: int,
        *,
        expected: Outcome,
        commitment: OpenCommitment | None = None,
    ) -> Form:
        reference = self._next_reference()
        euros, rest = divmod(cents, CENTS_PER_EURO)
        head = {"reference": reference, "kind": kind, **self.budget.day.to_row()}
        body = _encode({**head, **row, "amount": f"{euros}.{rest:02}"})
        return Form(kind, reference, body, expected, cents, commitment)


_KIND_WEIGHTS = (tuple(SHARES), tuple(SHARES.values()))
_REPEAT_KINDS = frozenset({"twice", "changed"})
_FOLLOWER_KINDS = frozenset({"service", "commitment_increase"})
_FIRST_KINDS = frozenset({"commitment", "direct_payment_request", "overdrawn", "nowhere"})
