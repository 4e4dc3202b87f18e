"""From payment files to the files that a bank answers with, and the state in which it leaves its accounts."""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import msgspec

from core.bank_reasons import BankReasons
from settlement.asked import read
from settlement.simulated import camt, cfonb120, pain002
from settlement.simulated.account import Day, Standing, days, opened
from settlement.simulated.camt import Bank, Version, name
from settlement.simulated.fates import Chances, fates
from settlement.simulated.letters import date, short

STATE = "bank.json"
"""Beside the answers: how the accounts stand, so that the next ones go on from there."""


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
    together: bool = True
    """One file a day for all accounts, rather than one for each."""


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
        for message, day, pieces in pain002.reports(asked, fate)
    ]
    dated = sorted(days(asked, fate, standings), key=lambda each: (each.day, each.account))
    for _, group in groupby(dated, key=lambda each: (each.day, "" if manner.together else each.account)):
        some = list(group)
        told(f"writing the answers of {date(some[0].day)}")
        files += _day(bank, some, out, manner)
    (out.joinpath(STATE)).write_bytes(msgspec.json.format(msgspec.json.encode(standings)))
    returned = sum(each.returns.size for each in dated)
    moved = sum(each.debits.size for each in dated)
    return Answers(sorted(files), len(asked.amount), len(asked.amount) - moved, returned)


def _day(bank: Bank, some: Sequence[Day], out: Path, manner: Manner) -> list[str]:
    files, front = [], short(some[0].day)
    label = "" if manner.together else f"-{name(some[0])}"
    back = [day for day in some if day.returns.size]
    if back:
        files.append(_written(out / f"{front}-1-camt054{label}.xml", camt.notice(bank, back)))
    if manner.style is Style.CFONB120:
        return [*files, _written(out / f"{front}-2-cfonb120{label}.txt", cfonb120.statement(bank, some))]
    return [*files, _written(out / f"{front}-2-camt053{label}.xml", camt.statement(bank, some))]


def _written(path: Path, pieces: Iterable[str]) -> str:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(pieces)
    return path.name


def _known(path: Path) -> dict[str, Standing]:
    return msgspec.json.decode(path.read_bytes(), type=dict[str, Standing]) if path.exists() else {}
