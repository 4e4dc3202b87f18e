"""Statements of 120 characters, read record by record with slices of text only."""

from typing import NamedTuple

POSITIVE, NEGATIVE = "{ABCDEFGHI", "}JKLMNOPQR"


class CfonbMovement(NamedTuple):
    """A movement: signed cents, end-to-end id, day as DDMMYY, whether the bank reports a return."""

    cents: int
    end_to_end: str
    day: str
    came_back: bool


class CfonbStatement(NamedTuple):
    """A statement: bank, branch, account, opening, closing, movements."""

    bank: str
    branch: str
    account: str
    opening: int
    closing: int
    lines: list[CfonbMovement]


def read_statements(text: str) -> list[CfonbStatement]:
    """Return the statements of a valid file."""
    statements: list[CfonbStatement] = []
    for record in filter(None, (line.rstrip("\r") for line in text.split("\n"))):
        code = record[:2]
        if code == "01":
            statements.append(
                CfonbStatement(record[2:7], record[11:16], record[21:32], read_cents(record[90:104]), 0, [])
            )
        elif code == "04":
            signed = read_cents(record[90:104])
            came_back = record[40:42] != "  " and signed > 0
            statements[-1].lines.append(CfonbMovement(signed, "", record[34:40], came_back))
        elif code == "05" and record[45:48] == "RCN":
            lines = statements[-1].lines
            lines[-1] = lines[-1]._replace(end_to_end=record[48:83].rstrip(" "))
        elif code == "07":
            statements[-1] = statements[-1]._replace(closing=read_cents(record[90:104]))
    return statements


def read_cents(text: str) -> int:
    """Return an amount whose last character gives both its last digit and its sign."""
    if text[-1] in POSITIVE:
        return int(text[:-1]) * 10 + POSITIVE.index(text[-1])
    return -(int(text[:-1]) * 10 + NEGATIVE.index(text[-1]))
