"""From payment files to the files that a bank answers with, and the state in which it leaves its accounts."""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import msgspec

from core.bank_reasons import BankReasons
from settlement.simulated_bank import camt_writer, cfonb120_writer, pain002_writer
from settlement.simulated_bank.accounts import AccountDay, AccountState, book_days, open_accounts
from settlement.simulated_bank.camt_writer import BankActivity, CamtVersion, format_statement_name
from settlement.simulated_bank.pain001_reader import read_payment_files
from settlement.simulated_bank.transfer_outcomes import OutcomeRates, decide_outcomes
from settlement.simulated_bank.xml_values import format_compact_date, format_date

STATE_FILE = "bank.json"
"""Beside the answers: how the accounts stand, so that the next ones go on from there."""
FILE_TRANSFERS = 1_000_000
"""Transfers of all accounts that one file tells of; a single account may have more. About 270 MB of a statement."""


class StatementFormat(StrEnum):
    """How the bank writes its statements."""

    CAMT053 = "camt.053"
    CFONB120 = "cfonb.120"


class BankBehaviour(NamedTuple):
    """How the bank answers."""

    reasons: BankReasons
    chances: OutcomeRates = OutcomeRates()
    style: StatementFormat = StatementFormat.CAMT053
    version: CamtVersion = CamtVersion.V08
    per_file: int = FILE_TRANSFERS
    """Accounts share a file until it has so many transfers; 0: one file for each account."""


class WrittenResponses(msgspec.Struct, frozen=True):
    """What was written."""

    files: list[str]
    """In the order in which a bank would send them, which is that of their names."""
    transfers: int
    rejected: int
    returned: int


def write_responses(
    paths: Sequence[Path], out: Path, behaviour: BankBehaviour, on_step: Callable[[str], None]
) -> WrittenResponses:
    """Write the bank's answers to payment files into ``out``; go on from where earlier answers there left off.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        One of the files is no pain.001 that a bank would take.
    """
    on_step("reading payment files")
    asked = read_payment_files(paths)
    out.mkdir(parents=True, exist_ok=True)
    known = _load_states(out.joinpath(STATE_FILE))
    standings = open_accounts(asked, known)
    last = {account: each.day for account, each in known.items()}
    fate = decide_outcomes(asked, last, behaviour.reasons, behaviour.chances)
    bank = BankActivity(asked, fate, behaviour.version)
    files = [
        _write_file(out / f"{format_compact_date(day)}-0-pain002-{message}.xml", pieces)
        for message, day, pieces in pain002_writer.write_reports(asked, fate)
    ]
    dated = sorted(book_days(asked, fate, standings), key=lambda each: (each.day, each.account))
    told_of = max(last.values(), default=0)
    for day, group in groupby(dated, key=lambda each: each.day):
        on_step(f"writing the answers of {format_date(day)}")
        shares = group_into_files(list(group), behaviour.per_file)
        # earlier answers may have told of other accounts on a day up to their last one
        is_alone = len(shares) == 1 and behaviour.per_file and day > told_of
        for some in shares:
            label = "" if is_alone else f"-{format_statement_name(some[0])}"
            files += _write_day(bank, some, _DayFiles(out, format_compact_date(day), label), behaviour.style)
    (out.joinpath(STATE_FILE)).write_bytes(msgspec.json.format(msgspec.json.encode(standings)))
    returned = sum(each.returns.size for each in dated)
    moved = sum(each.debits.size for each in dated)
    return WrittenResponses(sorted(files), len(asked.amount), len(asked.amount) - moved, returned)


def group_into_files(days: Sequence[AccountDay], per_file: int) -> list[list[AccountDay]]:
    """Accounts of one day by file, in their order: the next file begins where one would tell of more transfers than that."""
    files: list[list[AccountDay]] = []
    room = -1
    for each in days:
        transfers = each.debits.size + each.returns.size
        if transfers > room or not per_file:
            files.append([])
            room = per_file
        files[-1].append(each)
        room -= transfers
    return files


class _DayFiles(NamedTuple):
    """Where the answers of a day go."""

    folder: Path
    day: str
    label: str

    def build_path(self, what: str, suffix: str) -> Path:
        return self.folder / f"{self.day}-{what}{self.label}.{suffix}"


def _write_day(
    bank: BankActivity, some: Sequence[AccountDay], place: _DayFiles, style: StatementFormat
) -> list[str]:
    back, files = [day for day in some if day.returns.size], []
    if back:
        files.append(_write_file(place.build_path("1-camt054", "xml"), camt_writer.write_notice(bank, back)))
    if style is StatementFormat.CFONB120:
        return [
            *files,
            _write_file(place.build_path("2-cfonb120", "txt"), cfonb120_writer.write_statement(bank, some)),
        ]
    return [
        *files,
        _write_file(place.build_path("2-camt053", "xml"), camt_writer.write_statement(bank, some)),
    ]


def _write_file(path: Path, pieces: Iterable[str]) -> str:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(pieces)
    return path.name


def _load_states(path: Path) -> dict[str, AccountState]:
    return msgspec.json.decode(path.read_bytes(), type=dict[str, AccountState]) if path.exists() else {}
