"""What the writers of random acts know: the model's state, the day, the file at hand."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from tests.law_model.form import write_euros
from tests.law_model.model import LawModel
from tests.law_model.state import Document, Row

FIRST_DAY = date(2018, 3, 5)
PAYEES = tuple(f"10014883{number}" for number in range(70, 78))


class Place(NamedTuple):
    """Where a random act may spend."""

    unit: str
    area: str
    item: str
    fund: str = ""
    operation: str = ""


PLACES = (
    Place("0177-D013-DD13", "0177-12", "31"),
    Place("0177-D013-DD13", "0177-12", "63"),
    Place("0177-D013-DR13", "0177-12-08", "31"),
    Place("0177-D075-DD75", "0177-12", "31"),
    Place("0217-SGAC-ASPR", "0217-07", "31"),
    Place("0217-SGAC-ASPR", "0217-07", "31", "1-1-00733"),
    Place("0217-SGAC-IMMO", "0217-07", "51"),
    Place("0217-SGAC-IMMO", "0217-07", "51", "", "OP-0217-000001"),
    Place("0217-SGAC-IMMO", "0217-07", "51", "", "OP-0217-000002"),
    Place("0117-CENT-C001", "0117-01", "41"),
    Place("0751-CENT-C001", "0751-01", "31"),
)
ADVANCE_PLACES = PLACES[:5]
"""Where AE may be committed in advance: neither investment nor a fund, of a title that finance laws open."""
INVOICE_SERVICE_UNIT = "0177-D075-DD75"
"""The unit that has an invoice service from June 2018 on."""
SPECIAL_PLACE = PLACES[-1]
"""On an earmarked special account, which orders no more than was collected (LOLF 21)."""
STAFF_PLACE = Place("0217-SGAC-ASPR", "0217-07", "21")


ABOVE_THRESHOLDS = 60_000_000
"""Cents, above which commitments of title 5 need a visa."""
_PROGRAMME = 4


def _uses(act: Document, exercise: int, budget_year: int) -> bool:
    """Return whether an act of an exercise uses credits of a budget year."""
    return act.exercise == exercise and act.key is not None and act.key.year == budget_year


@dataclass
class YearContext:
    """The year that is being written."""

    model: LawModel
    random: random.Random
    day: date
    sender: str = ""
    rows: list[Row] = field(default_factory=list)
    has_next_year: bool = False
    is_carried: bool = False
    """Whether what was open of the first year was carried into the next one."""
    written: int = 0

    def begin_row(self, prefix: str, kind: str, **columns: str) -> Row:
        """Return a row with a new reference, dated today or a few days ago."""
        self.written += 1
        day = max(FIRST_DAY, self.day - timedelta(days=self.random.choice((0, 0, 0, 1, 2))))
        reference = f"{prefix}-{self.written:06}"
        row = {"reference": reference, "kind": kind, "exercise": str(day.year), "date": day.isoformat()}
        return row | columns

    def list_followers(self, programme: str, year: int) -> list[str]:
        """Return the programmes of a year that have the fund centres of a suppressed one; itself where it goes on."""
        files = self.model.state.reference.years.get(year)
        if files is None or programme in files.centres:
            return [programme]
        return sorted({new for old, new in files.successions if old == programme} or {"0135", "0203"})

    def move_place(self, place: Place, year: int) -> Place:
        """Return the place, or that of a programme which follows a suppressed one."""
        old = place.unit[:_PROGRAMME]
        new = self.random.choice(self.list_followers(old, year))
        return place._replace(unit=place.unit.replace(old, new), area=place.area.replace(old, new))

    def has_accountant_of(self, centre: str, document: Document | None) -> bool:
        """Return whether a fund centre of the day's year has the accountant in whose books a document stands."""
        years = self.model.state.reference.years
        if document is None or document.key is None or centre not in years[self.day.year].centres:
            return False
        accountant = years[document.key.year].find_accountant(document.key.centre)
        return years[self.day.year].find_accountant(centre) == accountant

    def draw_amount(self, most: int = 400_000) -> int:
        """Return an amount in cents: many small ones, few large ones."""
        return min(most, max(1, round(self.random.lognormvariate(10, 1.4))))

    def draw_part(self, remainder: int) -> str:
        """Return the text of the whole of what is left, or of a part, seldom of more."""
        share = self.random.random()
        if share < 0.55:
            return write_euros(max(remainder, 1))
        if share < 0.95:
            return write_euros(self.random.randint(1, max(remainder, 1)))
        return write_euros(remainder + self.random.randint(1, 5_000))

    def choose(self, fits: Callable[[Document], bool]) -> Document | None:
        """Return an accepted act that fits, a late one more often than an early one."""
        documents = self.model.state.documents
        for _ in range(60):
            if not documents:
                return None
            place = int(len(documents) * self.random.random() ** 0.6)
            if fits(documents[place]):
                return documents[place]
        rare = [document for document in documents if fits(document)]
        return self.random.choice(rare) if rare else None

    def choose_followed(self, fits: Callable[[Document], bool]) -> Document | None:
        """Return an accepted act of today's exercise or of the one before; of another sender if acts may follow those.

        Of the exercise before, what was committed in advance is preferred, as acts of the year follow it.
        """
        year, is_own = self.day.year, self.random.random() < 0.75
        if year > FIRST_DAY.year and self.random.random() < (0.2 if self.is_carried else 0.5):
            budget_year = year if self.random.random() < 0.7 else year - 1
            documents = self.model.state.documents
            earlier = [act for act in documents if _uses(act, year - 1, budget_year) and fits(act)]
            return self.random.choice(earlier) if earlier else None
        return self.choose(
            lambda act: act.exercise == year and (act.sender == self.sender or not is_own) and fits(act)
        )

    def name_predecessor(self, document: Document) -> Row:
        """Return the columns that name an act: its reference, its sender and reference, or its entry."""
        reference = document.reference if document.line == 1 else f"{document.reference}#{document.line}"
        if document.exercise == self.day.year and document.sender == self.sender:
            return {"predecessor": reference}
        if document.exercise != self.day.year or self.random.random() < 0.5:
            return {"predecessor": f"@{document.number}"}
        return {"predecessor": reference, "predecessor_sender": document.sender}
