"""What of a year goes on in the next one, line by line (A30, A64; LOLF 28; GBCP 159 to 161; docs/closing.md)."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from tests.law_model.chain import find_commitment
from tests.law_model.form import write_euros
from tests.law_model.kinds import COMMITMENTS, PAYABLES, PENALTIES, RETENTIONS, SERVICES
from tests.law_model.state import Document, Row, State
from tests.law_model.successions import Place, find_obstacle, move_place

COMMITMENT_STEP, REQUEST_STEP = "C06", "C04"
_FAMILIES: Mapping[str, frozenset[str]] = {
    "commitment_carry": COMMITMENTS,
    "service_carry": SERVICES,
    "request_carry": PAYABLES | {"late_interest"},
    "retention_carry": RETENTIONS,
    "penalty_carry": PENALTIES,
}
_KINDS: Mapping[str, tuple[str, ...]] = {
    COMMITMENT_STEP: ("commitment_carry", "service_carry"),
    REQUEST_STEP: ("request_carry", "retention_carry", "penalty_carry"),
}


class _Line(NamedTuple):
    """What goes on of one document, where, and the name of the act that it is a line of."""

    document: Document
    cents: int
    place: Place | None
    """Empty if something prevents that it goes on."""


class Rollover:
    """What is open of a year in a state."""

    def __init__(self, state: State, year: int) -> None:
        self._state, self._year = state, year
        self._names = {id(document): name for name, act in state.acts.items() for document in act}
        self._served: Counter[int] = Counter()
        """By commitment: what of its services of the year is not requested."""
        self._unbilled = self._allot_unbilled()
        carries = [carry for carry in state.documents if carry.kind == "request_carry" and carry.rejected]
        self._returned = {carry.predecessor.number for carry in carries if carry.predecessor}
        """The requests whose carry was rejected: they are rejected too, not carried again (A30)."""

    def list_rows(self, step: str, day: date) -> list[Row]:
        """Return the lines of a step in the order in which they are decided."""
        return [row for kind in _KINDS[step] for row in self._list_kind(kind, day)]

    def _list_kind(self, kind: str, day: date) -> Iterator[Row]:
        choose: Mapping[str, Callable[[Document], bool]] = {
            "commitment_carry": self._may_go_on,
            "service_carry": self._is_unbilled,
            "request_carry": self._is_unpaid,
            "retention_carry": self._is_kept_back,
            "penalty_carry": self._is_kept_back,
        }
        for name, act in sorted(self._state.acts.items(), key=lambda named: named[1][0].number):
            documents = [line for line in act if line.kind in _FAMILIES[kind] and choose[kind](line)]
            lines = [_Line(line, self._find_cents(kind, line), self._find_place(line)) for line in documents]
            if any(self._is_open(kind, line) for line in lines) and all(line.place for line in lines):
                yield from self._write_act(kind, name, lines, day=day)

    def _may_go_on(self, commitment: Document) -> bool:
        is_left = commitment.carried_to is None and not commitment.is_reversed
        return self._is_of_year(commitment) and is_left

    def _is_unbilled(self, service: Document) -> bool:
        return service.number in self._unbilled and self._is_served(find_commitment(service))

    def _is_unpaid(self, request: Document) -> bool:
        is_returned = request.number in self._returned
        return self._is_of_year(request) and request.left > 0 and not is_returned

    def _is_kept_back(self, document: Document) -> bool:
        return self._is_until_year(document) and document.left > 0

    def _is_of_year(self, document: Document) -> bool:
        return document.key is not None and document.key.year == self._year

    def _is_until_year(self, document: Document) -> bool:
        return document.key is not None and document.key.year <= self._year

    def _find_cents(self, kind: str, document: Document) -> int:
        if kind == "commitment_carry":
            return document.uncommitted
        return self._unbilled[document.number] if kind == "service_carry" else document.left

    def _is_open(self, kind: str, line: _Line) -> bool:
        is_commitment = kind == "commitment_carry"
        return line.cents > 0 or (is_commitment and line.document.certified > line.document.billed)

    def _allot_unbilled(self) -> dict[int, int]:
        """Return by service what of it is not requested: requests use up the earliest service of a commitment first."""
        shares: dict[int, int] = {}
        rests: dict[int, int] = {}
        for service in reversed(self._state.documents):
            if service.kind not in SERVICES or not self._is_of_year(service) or not service.left:
                continue
            commitment = find_commitment(service)
            rest = rests.setdefault(commitment.number, commitment.certified - commitment.billed)
            share = min(rest, service.left)
            rests[commitment.number] -= share
            if share > 0:
                shares[service.number] = share
                self._served[commitment.number] += share
        return shares

    def _is_served(self, commitment: Document) -> bool:
        """Return whether all that is certified and not requested of a commitment is of services of the year."""
        return self._served[commitment.number] >= commitment.certified - commitment.billed

    def _find_place(self, document: Document) -> Place | None:
        """Return where a document goes: with its commitment, if that went on already, else by the orders."""
        assert document.key is not None
        root = _find_root(document)
        if document.kind in COMMITMENTS and not self._is_served(document):
            return None
        if root.carried_to and _has_same_place(root, document):
            carry = root.carried_to
            assert carry.key is not None
            return Place(carry.key.centre, carry.area, carry.operation)
        owner, _, reference = self._names[id(root)]
        years = self._state.reference.years
        before, after = years[document.key.year], years[self._year + 1]
        place = Place(document.key.centre, document.area, document.operation)
        new = move_place(place, (owner, reference), before, after)
        is_blocked = find_obstacle(place, new, document.item, document.fund, (before, after))
        return None if is_blocked else new

    def _write_act(
        self, kind: str, name: tuple[str, int, str], lines: list[_Line], *, day: date
    ) -> Iterator[Row]:
        owner, _, reference = name
        if self._is_taken(kind, owner, reference, day.year):
            reference = f"{self._year}.{lines[0].document.number}.{len(self._state.documents)}"
        for number, (document, cents, place) in enumerate(lines, 1):
            assert place is not None
            columns = {"functional_area": place.area, "fund": document.fund, "operation": place.operation}
            yield {
                "reference": reference,
                "line": str(number),
                "kind": kind,
                "reference_sender": owner,
                "exercise": str(day.year),
                "date": day.isoformat(),
                "amount": write_euros(cents),
                "predecessor": f"@{document.number}",
                "fund_centre": place.centre,
                "commitment_item": document.item,
                **{column: code for column, code in columns.items() if code},
            }

    def _is_taken(self, kind: str, owner: str, reference: str, exercise: int) -> bool:
        """Return whether an act of the kind already has the name in the next year."""
        acts = self._state.acts.get((owner, exercise, reference), [])
        return any(document.kind in _FAMILIES[kind] for document in acts)


def _find_root(document: Document) -> Document:
    """Return the commitment of a document; of one without a commitment the first act of its chain."""
    root = document
    while root.kind not in COMMITMENTS and root.predecessor:
        root = root.predecessor
    return root


def _has_same_place(first: Document, second: Document) -> bool:
    return (first.key, first.area, first.item, first.fund, first.operation) == (
        *(second.key, second.area, second.item, second.fund, second.operation),
    )
