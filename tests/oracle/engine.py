"""The whole engine in plain Python, from rows of text to outcomes."""

from collections.abc import Hashable, Iterable

from core.act_fields import FORMATS, Field, Sort
from core.calendar import period
from core.catalog import KIND_NUMBER, Budget, Family
from core.nomenclature import ORDINARY_FUND
from core.outcome_codes import Outcome
from tests.oracle import amounts, days, decisions, hashing, whole_numbers
from tests.oracle.assignment import cell, names_cell, sheet, source
from tests.oracle.availability import available
from tests.oracle.ledger import Ledger
from tests.oracle.model import AE, CONSUMED, CP, NONE, Cell, Decision, Line, World
from tests.oracle.reference import Reference
from tests.oracle.rollback import all_or_none
from tests.oracle.row_reading import Read, Row, posting_month, read

Told = tuple[str, str, int]
"""Name of the outcome, code of the fund centre that refused or empty, cents missing."""

_ASSIGNMENT = (Field.FUND_CENTRE, Field.FUNCTIONAL_AREA, Field.COMMITMENT_ITEM, Field.FUND, Field.OPERATION)


class Engine:
    """A ledger that is spoken to in the words of the flat act format."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self._cells: dict[int, Cell] = {}
        self._cell_numbers: dict[Hashable, int] = {}
        self.ledger = Ledger(
            World(reference.nodes, self._cells, reference.open_periods(), reference.shared_accounts())
        )
        self._held: set[int] = set()

    def submit(self, rows: Iterable[Row], sender: str = "ministry") -> list[Told]:
        """Present one file and work it to its end; what became of each row."""
        acts = [self._lines(act, sender) for act in read(rows, self.reference)]
        first, last = self.ledger.submit(acts)
        self._held = {row for row, d in enumerate(_flat(first)) if d.outcome is Outcome.HELD}
        return self._told(_flat(last))

    def submit_form(self, rows: Iterable[Row], sender: str = "ministry") -> list[Told]:
        """Decide one form, its acts all accepted or none; what became of each row."""
        lines = decisions.rows([self._lines(act, sender) for act in read(rows, self.reference)])
        self._held = set()
        return self._told(all_or_none(lines, self.ledger))

    def held(self) -> set[int]:
        """Rows of the last file or form that waited for a later act, from 0."""
        return self._held

    def left(self, fields: Row) -> tuple[int, int]:
        """AE and CP available at a fund centre or operation, for an item, fund and budget year."""
        node, figures = self._node(fields), self.ledger.state.figures
        return available(figures, node, AE), available(figures, node, CP)

    def consumed(self, fields: Row) -> tuple[int, int]:
        """AE and CP consumed there."""
        node, figures = self._node(fields), self.ledger.state.figures
        return figures.get((node, AE + CONSUMED), 0), figures.get((node, CP + CONSUMED), 0)

    def _node(self, fields: Row) -> int:
        named = {Field[name.upper()]: text for name, text in fields.items()}
        return self.reference.node(named[Field.FUND_CENTRE], sheet(named, self.reference))

    def totals(self, account: str) -> tuple[int, int]:
        """Debit and credit of an account over all periods."""
        number = self.reference.accounts[account]
        sums = [both for (_, each), both in self.ledger.state.sums.items() if each == number]
        return sum(debit for debit, _ in sums), sum(credit for _, credit in sums)

    def _told(self, found: list[Decision]) -> list[Told]:
        return [(d.outcome.name, self.reference.centre(d.node), d.missing) for d in found]

    def _lines(self, act: list[Read], sender: str) -> list[Line]:
        return [self._line(line, sender) for line in act]

    def _line(self, line: Read, sender: str) -> Line:
        """The line in numbers; a faulty one needs no more than its key, its content and its fault."""
        kind, exercise = line.kind, whole_numbers.parse(line.text(Field.EXERCISE)) or 0
        key = (sender, kind.family, exercise, line.text(Field.REFERENCE))
        cents, _ = amounts.parse(line.text(Field.AMOUNT))
        bare = Line(0, KIND_NUMBER.get(kind.name, 0), cents, 0, key, _content(line), line.fault)
        if line.fault:
            return bare
        named = hashing.predecessor(line.text(Field.PREDECESSOR)) if kind.follows else None
        return bare._replace(
            period=period(exercise, posting_month(line, self.reference) or 0),
            cell=self._cell(line) if names_cell(kind, line.fields) else NONE,
            source=source(line.fields, self.reference) if kind.budget is Budget.MOVE else NONE,
            account=self.reference.accounts.get(line.text(Field.ACCOUNT), 0),
            previous=(sender, kind.follows, exercise, named[0]) if named and named[0] else None,
            previous_line=max(named[1], 0) if named else 0,
            previous_entry=max(-named[1], 0) if named else 0,
            payee=line.text(Field.PAYEE) if kind.pays or kind.family is Family.THIRD_PARTY else None,
            bank=line.text(Field.IBAN) or 0,
        )

    def _cell(self, line: Read) -> int:
        """Number of the line's account assignment, given when it is first seen."""
        year = whole_numbers.parse(line.text(Field.BUDGET_YEAR) or line.text(Field.EXERCISE))
        named = (*(line.text(field).replace(ORDINARY_FUND, "") for field in _ASSIGNMENT), year)
        number = self._cell_numbers.setdefault(named, len(self._cell_numbers) + 1)
        self._cells[number] = cell(line.fields, self.reference)
        return number


def _content(line: Read) -> tuple[tuple[Field, Hashable], ...]:
    """Everything the line says, whatever way it is written."""
    said = sorted((field, text) for field, text in line.fields.items() if field is not Field.LINE)
    return tuple((field, _meaning(field, text)) for field, text in said)


def _meaning(field: Field, text: str) -> Hashable:
    match FORMATS[field].sort:
        case Sort.DECIMAL:
            return amounts.parse(text)
        case Sort.DAY:
            return days.parse(text)
        case Sort.WHOLE:
            return whole_numbers.parse(text)
    return text


def _flat(answers: Iterable[list[Decision]]) -> list[Decision]:
    return [decision for answer in answers for decision in answer]
