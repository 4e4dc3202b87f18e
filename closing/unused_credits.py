"""The credits that a year has left, by place: what is available there, and what lines that leave the year take of it.

A place is a fund centre or an operation, on title 2 or the others, and of a family of funds.  What leaves a place leaves every
level above it, as the engine decides it (rules A66, A67).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from core.kind_rules import Measure
from core.nomenclature import OTHER_TITLES, STAFF_TITLE, CentreLevel, FundFamily, Nomenclature

OUT: Mapping[Measure, str] = {Measure.AE: "carryover_out_ae", Measure.CP: "carryover_out_cp"}
IN: Mapping[Measure, str] = {Measure.AE: "carryover_in_ae", Measure.CP: "carryover_in_cp"}
CANCELLATION: Mapping[Measure, str] = {
    Measure.AE: "unused_cancellation_ae",
    Measure.CP: "unused_cancellation_cp",
}
UNFREEZE: Mapping[Measure, str] = {Measure.AE: "unused_unfreeze_ae", Measure.CP: "unused_unfreeze_cp"}
RELEASE = "unused_earmark_release"


class Sheet(NamedTuple):
    """Title 2 or the others, and the family of funds."""

    is_staff: bool
    family: FundFamily

    @property
    def item(self) -> str:
        """The commitment item of acts on credits."""
        return STAFF_TITLE if self.is_staff else OTHER_TITLES


class CreditPlace(NamedTuple):
    """A fund centre or operation, on one sheet."""

    centre: str
    sheet: Sheet


@dataclass(slots=True)
class Credits:
    """The AE or the CP of a place, in cents."""

    opened: int = 0
    allotted: int = 0
    reserved: int = 0
    """What is frozen is reserved too."""
    consumed: int = 0
    frozen_here: int = 0


class CreditLine(NamedTuple):
    """A line of an act: credits of a place of a budget year."""

    kind: str
    year: int
    centre: str
    operation: str
    item: str
    fund: str
    cents: int


class UnusedCredits:
    """The credits of a year in one snapshot, less what the lines of this execution take."""

    def __init__(self, codes: Nomenclature, figures: Mapping[tuple[Measure, CreditPlace], Credits]) -> None:
        self.codes, self._credits = codes, dict(figures)
        self._places: dict[tuple[CentreLevel, str], list[CreditPlace]] = {}
        for place in sorted({place for _, place in figures if place.centre in codes.centres}):
            level = codes.centres[place.centre].level
            for programme in ("", place.centre.removeprefix("OP-")[:4]):
                self._places.setdefault((level, programme), []).append(place)
        self._funds: dict[tuple[str, FundFamily], str] = {}

    def list_places(self, level: CentreLevel, programme: str = "") -> list[CreditPlace]:
        """List the places of a level that have figures, in order of their code; of one programme, if it is named."""
        return self._places.get((level, programme), [])

    def compute_free(self, measure: Measure, place: CreditPlace) -> int:
        """Return the cents that may leave a place: not used, passed on or frozen there, and free at every level above."""
        own = self._read(measure, place)
        undistributed = own.opened - own.allotted - own.frozen_here
        is_operation = self.codes.centres[place.centre].level is CentreLevel.OPERATION
        levels = [place] if is_operation else list(self._walk_up(place))
        free = (
            level.opened - level.reserved - level.consumed
            for level in (self._read(measure, at) for at in levels)
        )
        return max(min(undistributed, *free), 0)

    def read_frozen(self, measure: Measure, place: CreditPlace) -> int:
        """Return the cents that are frozen at the place itself."""
        return self._read(measure, place).frozen_here

    def take(self, measure: Measure, place: CreditPlace, cents: int) -> None:
        """Take cents from a place and every level above it; AE of an operation are earmarked there."""
        is_operation = self.codes.centres[place.centre].level is CentreLevel.OPERATION
        for at in self._walk_up(place):
            figures = self._read(measure, at)
            figures.opened -= cents
            if at != place:
                figures.reserved -= cents if is_operation else 0
                is_unit = is_operation and at.centre == self.codes.centres[place.centre].parent
                figures.allotted -= 0 if is_unit else cents

    def release(self, place: CreditPlace, cents: int) -> None:
        """Give AE of an operation back to its unit."""
        self._read(Measure.AE, place).opened -= cents
        for at in self._walk_up(place):
            if at != place:
                self._read(Measure.AE, at).reserved -= cents

    def unfreeze(self, measure: Measure, place: CreditPlace) -> None:
        """Unfreeze what is frozen at the place itself."""
        cents = self._read(measure, place).frozen_here
        self._read(measure, place).frozen_here = 0
        for at in self._walk_up(place):
            self._read(measure, at).reserved -= cents

    def build_line(self, kind: str, place: CreditPlace, cents: int, *, fund: str = "") -> CreditLine:
        """Build a line of the year about a place; its fund is any of the family that the programme has, or ``fund``."""
        centre = self.codes.centres[place.centre]
        is_operation = centre.level is CentreLevel.OPERATION
        return CreditLine(
            *(kind, self.codes.year, centre.parent if is_operation else place.centre),
            place.centre if is_operation else "",
            place.sheet.item,
            fund or self._find_fund(place),
            cents,
        )

    def _find_fund(self, place: CreditPlace) -> str:
        key = place.centre.removeprefix("OP-")[:4], place.sheet.family
        if key not in self._funds:
            funds = self.codes.funds.values()
            self._funds[key] = next(
                fund.code for fund in funds if fund.family is key[1] and fund.programme in ("", key[0])
            )
        return self._funds[key]

    def _read(self, measure: Measure, place: CreditPlace) -> Credits:
        return self._credits.setdefault((measure, place), Credits())

    def _walk_up(self, place: CreditPlace) -> Iterator[CreditPlace]:
        """Yield a place and every level above it."""
        centre = place.centre
        while centre:
            yield CreditPlace(centre, place.sheet)
            centre = self.codes.centres[centre].parent
