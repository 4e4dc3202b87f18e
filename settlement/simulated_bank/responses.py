"""From payment files to the files that a bank answers with, and the state in which it leaves its accounts."""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import msgspec

from core.bank_reasons import BankReasons
from settlement.simulated_bank import camt_writer, cfonb120_writer, pain002_writer
from settlement.simulated_bank.accounts import Day, Standing, days, opened
from settlement.simulated_bank.camt_writer import Bank, Version, name
from settlement.simulated_bank.pain001_reader import read
from settlement.simulated_bank.transfer_outcomes import Chances, fates
from settlement.simulated_bank.xml_values import date, short

STATE = "bank.json"
"""Beside the answers: how the accounts stand, so that the next ones go on from there."""
FILE_TRANSFERS = 1_000_000
"""Transfers of all accounts that one file tells of; a single account may have more. About 270 MB of a statement."""


class Style(StrEnum):
    """How the bank writes its statements."""

    CAMT053 = "camt.053"
    CFONB120 = "cfonb.120"


class Manner(NamedTuple):
    """How the bank answers."""

    reasons: BankReasons
    chances: Chances = Chances()
    style: Style = Style.CAMT053
    version: Version = Version.V08
    per_file: int = FILE_TRANSFERS
    """Accounts share a file until it has so many transfers; 0: one file for each account."""


class Answers(msgspec.Struct, frozen=True):
    """What was written."""

    files: list[str]
    """In the order in which a bank would send them, which is that of their names."""
    transfers: int
    rejected: int
    returned: int


def answer(paths: Sequence[Path], out: Path, manner: Manner, told: Callable[[str], None]) -> Answers:
    """Write the bank's answers to payment files into ``out``; go on from where earlier answers there left off.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        One of the files is no pain.001 that a bank would take.
    """
    told("reading payment files")
    asked = read(paths)
    out.mkdir(parents=True, exist_ok=True)
    known = _known(out.joinpath(STATE))
    standings = opened(asked, known)
    last = {account: each.day for account, each in known.items()}
    fate = fates(asked, last, manner.reasons, manner.chances)
    bank = Bank(asked, fate, manner.version)
    files = [
        _written(out / f"{short(day)}-0-pain002-{message}.xml", pieces)
        for message, day, pieces in pain002_writer.reports(asked, fate)
    ]
    dated = sorted(days(asked, fate, standings), key=lambda each: (each.day, each.account))
    told_of = max(last.values(), default=0)
    for day, group in groupby(dated, key=lambda each: each.day):
        told(f"writing the answers of {date(day)}")
        shares = shared(list(group), manner.per_file)
        # earlier answers may have told of other accounts on a day up to their last one
        is_alone = len(shares) == 1 and manner.per_file and day > told_of
        for some in shares:
            label = "" if is_alone else f"-{name(some[0])}"
            files += _day(bank, some, _Place(out, short(day), label), manner.style)
    (out.joinpath(STATE)).write_bytes(msgspec.json.format(msgspec.json.encode(standings)))
    returned = sum(each.returns.size for each in dated)
    moved = sum(each.debits.size for each in dated)
    return Answers(sorted(files), len(asked.amount), len(asked.amount) - moved, returned)


def shared(days: Sequence[Day], per_file: int) -> list[list[Day]]:
    """Accounts of one day by file, in their order: the next file begins where one would tell of more transfers than that."""
    files: list[list[Day]] = []
    room = -1
    for each in days:
        transfers = each.debits.size + each.returns.size
        if transfers > room or not per_file:
            files.append([])
            room = per_file
        files[-1].append(each)
        room -= transfers
    return files


class _Place(NamedTuple):
    """Where the answers of a day go."""

    folder: Path
    day: str
    label: str

    def path(self, what: str, suffix: str) -> Path:
        return self.folder / f"{self.day}-{what}{self.label}.{suffix}"


def _day(bank: Bank, some: Sequence[Day], place: _Place, style: Style) -> list[str]:
    back, files = [day for day in some if day.returns.size], []
    if back:
        files.append(_written(place.path("1-camt054", "xml"), camt_writer.notice(bank, back)))
    if style is Style.CFONB120:
        return [*files, _written(place.path("2-cfonb120", "txt"), cfonb120_writer.statement(bank, some))]
    return [*files, _written(place.path("2-camt053", "xml"), camt_writer.statement(bank, some))]


def _written(path: Path, pieces: Iterable[str]) -> str:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(pieces)
    return path.name


def _known(path: Path) -> dict[str, Standing]:
    return msgspec.json.decode(path.read_bytes(), type=dict[str, Standing]) if path.exists() else {}
