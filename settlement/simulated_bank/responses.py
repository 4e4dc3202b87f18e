"""The responses of the simulated bank to payment files, and the state of its accounts after them."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import msgspec

from core.bank_reasons import BankReasons
from settlement.bank_formats import BankFormat
from settlement.simulated_bank import camt_writer, pain002_writer
from settlement.simulated_bank.accounts import AccountDay, AccountState, book_days, open_accounts
from settlement.simulated_bank.camt_writer import BankActivity, CamtVersion, format_statement_name
from settlement.simulated_bank.pain001_reader import read_payment_files
from settlement.simulated_bank.transfer_outcomes import OutcomeRates, decide_outcomes
from settlement.simulated_bank.xml_values import format_compact_date, format_date

STATE_FILE = "bank.json"
"""The state of the accounts, in the folder of the responses: later responses continue from it."""
FILE_TRANSFERS = 1_000_000
"""Transfers of all accounts in one file; a single account may have more.  A camt.053 has then about 270 MB."""


class BankBehaviour(NamedTuple):
    """How the bank responds."""

    reasons: BankReasons
    rates: OutcomeRates = OutcomeRates()
    statement_format: BankFormat = BankFormat.CAMT053
    """One of ``settlement.bank_formats.STATEMENT_FORMATS``."""
    version: CamtVersion = CamtVersion.V08
    per_file: int = FILE_TRANSFERS
    """Accounts share a file up to this number of transfers; 0: one file per account."""


class WrittenResponses(msgspec.Struct, frozen=True):
    """The files that were written, and the outcomes in them."""

    files: list[str]
    """In the order in which a bank would send them, which is that of their names."""
    transfers: int
    rejected: int
    returned: int


class _DayFiles(NamedTuple):
    """The names of the files of one day."""

    folder: Path
    day: str
    label: str

    def build_path(self, content: str, suffix: str) -> Path:
        return self.folder / f"{self.day}-{content}{self.label}.{suffix}"


def write_responses(
    paths: Sequence[Path], out: Path, behaviour: BankBehaviour, *, on_step: Callable[[str], None]
) -> WrittenResponses:
    """Write the responses to payment files into ``out``; continue from the state that earlier responses left there.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        A file is not a pain.001 that a bank would accept.
    """
    on_step("reading payment files")
    orders = read_payment_files(paths)
    out.mkdir(parents=True, exist_ok=True)
    previous_states = _load_states(out.joinpath(STATE_FILE))
    states = open_accounts(orders, previous_states)
    last_days = {account: state.day for account, state in previous_states.items()}
    outcomes = decide_outcomes(orders, last_days, behaviour.reasons, rates=behaviour.rates)
    files = [
        _write_file(out / f"{format_compact_date(day)}-0-pain002-{message}.xml", chunks)
        for message, day, chunks in pain002_writer.write_reports(orders, outcomes)
    ]
    bank = BankActivity(orders, outcomes, behaviour.version)
    account_days = sorted(book_days(orders, outcomes, states), key=lambda day: (day.day, day.account))
    last_day = max(last_days.values(), default=0)
    for day, group in groupby(account_days, key=lambda account_day: account_day.day):
        on_step(f"writing the responses of {format_date(day)}")
        shares = group_into_files(list(group), behaviour.per_file)
        # up to the last day of earlier responses there may be files of other accounts: their names must differ
        is_only_file = len(shares) == 1 and behaviour.per_file and day > last_day
        for share in shares:
            label = "" if is_only_file else f"-{format_statement_name(share[0])}"
            day_files = _DayFiles(out, format_compact_date(day), label)
            files += _write_day(bank, share, day_files, statement_format=behaviour.statement_format)
    out.joinpath(STATE_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(states)))
    returned = sum(account_day.returns.size for account_day in account_days)
    debited = sum(account_day.debits.size for account_day in account_days)
    return WrittenResponses(sorted(files), len(orders.amount), len(orders.amount) - debited, returned)


def group_into_files(days: Sequence[AccountDay], per_file: int) -> list[list[AccountDay]]:
    """Group the accounts of one day into files, in order: a file ends before it would exceed ``per_file`` transfers."""
    files: list[list[AccountDay]] = []
    capacity = -1
    for account_day in days:
        transfers = account_day.debits.size + account_day.returns.size
        if transfers > capacity or not per_file:
            files.append([])
            capacity = per_file
        files[-1].append(account_day)
        capacity -= transfers
    return files


def _write_day(
    bank: BankActivity, days: Sequence[AccountDay], day_files: _DayFiles, *, statement_format: BankFormat
) -> list[str]:
    """Write the notice of returns, if there are any, and the statement of one day."""
    with_returns, files = [day for day in days if day.returns.size], []
    if with_returns:
        path = day_files.build_path("1-camt054", "xml")
        files.append(_write_file(path, camt_writer.write_notice(bank, with_returns)))
    content = f"2-{statement_format.value.replace('.', '')}"
    path = day_files.build_path(content, statement_format.row.suffix)
    write_statement = statement_format.load_statement_writer()
    return [*files, _write_file(path, write_statement(bank, days))]


def _write_file(path: Path, chunks: Iterable[str]) -> str:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(chunks)
    return path.name


def _load_states(path: Path) -> dict[str, AccountState]:
    return msgspec.json.decode(path.read_bytes(), type=dict[str, AccountState]) if path.exists() else {}
