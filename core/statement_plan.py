"""The lines of the balance sheet and of the result of a year, in the order in which they print, and what adds up in each.

The chart names a line of the statements for each account (``accounts.csv``, column ``statement``).  ``statement_words.csv``
says which printed line these words are: by the first digits of the account, or by the side of its balance, where the words
alone leave it open.  ``statements.csv`` lists the lines, and what each total adds.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from core.errors import ReferenceDataError
from core.reference.files import ReferenceRow, read_rows

_SIDES = frozenset({"", "debit", "credit"})


class Section(StrEnum):
    """The part of the statements in which a line prints."""

    ASSET = "asset"
    LIABILITY = "liability"
    NET_POSITION = "net_position"
    CHARGE = "charge"
    PRODUCT = "product"
    SOVEREIGN = "sovereign"
    RESULT = "result"

    @property
    def counts_debits(self) -> bool:
        """Whether a balance in debit is a positive amount on its lines."""
        return self in (Section.ASSET, Section.CHARGE)


class PrintedLine(NamedTuple):
    """One line of the statements."""

    code: str
    section: Section
    label: str
    terms: tuple[tuple[int, str], ...]
    """Of a total: the lines that it adds (1) or subtracts (-1); without any, accounts stand on the line."""


class WordRule(NamedTuple):
    """The line of the accounts that have some words in the chart and begin with some digits."""

    digits: str
    side: str
    """Only for balances on this side; empty for both."""
    line: str


class StatementPlan(NamedTuple):
    """The lines of a year, and the rules by the words of the chart."""

    lines: tuple[PrintedLine, ...]
    rules: Mapping[str, tuple[WordRule, ...]]

    def find_line(self, words: str, account: str, balance_cents: int) -> str:
        """Return the code of the line on which an account stands; empty if no rule gives one.

        Of several rules that hold, that with the most digits counts.
        """
        side = "debit" if balance_cents >= 0 else "credit"
        rules = [
            rule
            for rule in self.rules.get(words, ())
            if account.startswith(rule.digits) and rule.side in ("", side)
        ]
        return max(rules, key=lambda rule: len(rule.digits)).line if rules else ""


NO_PLAN = StatementPlan((), MappingProxyType({}))
"""The plan of a year without files: no account has a line."""


def load(folder: Path) -> StatementPlan:
    """Read the lines of a year; none if it has no such files.

    Raises
    ------
    ReferenceDataError
        A row is malformed, names an unknown line, or a total adds itself; the message gives place, finding and remedy.
    """
    lines: dict[str, PrintedLine] = {}
    for row in _read_rows(folder / "statements.csv", ("line", "section", "label", "adds", "source")):
        line = _read_line(row)
        if line.code in lines:
            raise ReferenceDataError(row.place, f"line {line.code!r} is listed twice", "Keep one of the two.")
        lines[line.code] = line
    _check_totals(folder / "statements.csv", lines)
    rules: dict[str, tuple[WordRule, ...]] = {}
    for row in _read_rows(folder / "statement_words.csv", ("words", "accounts", "side", "line", "source")):
        words, *cells, _ = row.cells.values()
        rule = WordRule(*cells)
        _check_rule(row, rule, lines)
        _check_others(row, rule, rules.get(words, ()))
        rules[words] = (*rules.get(words, ()), rule)
    return StatementPlan(tuple(lines.values()), rules)


def _read_rows(path: Path, columns: tuple[str, ...]) -> Iterator[ReferenceRow]:
    for row in read_rows(path, columns) if path.exists() else ():
        if not row.cells["source"]:
            raise ReferenceDataError(
                row.place, "the line has no source", "Say where it stands, or write: ours."
            )
        yield row


def _read_line(row: ReferenceRow) -> PrintedLine:
    code, section, label, adds, _ = row.cells.values()
    if not (code and label) or section not in frozenset(Section):
        raise ReferenceDataError(
            row.place,
            f"the line has no code, no label, or the unknown section {section!r}",
            f"Write code and label, and one of the sections {', '.join(Section)}.",
        )
    terms = tuple((-1 if term.startswith("-") else 1, term.removeprefix("-")) for term in adds.split())
    return PrintedLine(code, Section(section), label, terms)


def _check_totals(path: Path, lines: Mapping[str, PrintedLine]) -> None:
    """Check that each total adds lines of the file, and that none is, through others, a term of its own."""
    for line in lines.values():
        reached, terms = set[str](), [code for _, code in line.terms]
        while terms:
            code = terms.pop()
            if code not in lines or code == line.code:
                raise ReferenceDataError(
                    str(path),
                    f"total {line.code} adds {code!r}, itself or no line",
                    "Name other lines in adds.",
                )
            if code not in reached:
                reached.add(code)
                terms.extend(term for _, term in lines[code].terms)


def _check_rule(row: ReferenceRow, rule: WordRule, lines: Mapping[str, PrintedLine]) -> None:
    if rule.line not in lines or lines[rule.line].terms or rule.side not in _SIDES:
        raise ReferenceDataError(
            row.place,
            f"{rule.line!r} is no line of statements.csv on which accounts stand, or {rule.side!r} no side",
            "Name a line that adds nothing; write debit, credit or nothing as side.",
        )


def _check_others(row: ReferenceRow, rule: WordRule, others: tuple[WordRule, ...]) -> None:
    """Check that no other rule of the same words is for the same digits and side."""
    for other in others:
        if other.digits == rule.digits and ("" in (other.side, rule.side) or other.side == rule.side):
            raise ReferenceDataError(
                row.place, "another line has the same words, digits and side", "Keep one of the two."
            )
