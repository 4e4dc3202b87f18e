"""The simulated bank: its messages are valid, reproducible and consistent, and its rates are as configured."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest
from lxml.etree import XMLSchema, parse

from core import bank_reasons
from core.bank_reasons import ReasonPhase
from core.tables.bank_messages import MovementType
from core.target_calendar import is_open
from settlement.bank_files import bank_file_reader
from settlement.bank_formats import STATEMENT_FORMATS, BankFormat
from settlement.simulated_bank.accounts import AccountState
from settlement.simulated_bank.camt_writer import CamtVersion
from settlement.simulated_bank.pain001_reader import read_payment_files
from settlement.simulated_bank.responses import (
    FILE_TRANSFERS,
    STATE_FILE,
    BankBehaviour,
    WrittenResponses,
    write_responses,
)
from settlement.simulated_bank.transfer_outcomes import REASON_SHARES, OutcomeRates, decide_outcomes
from tests.settlement import pyiso20022_reader
from tests.settlement.bank_orders import ACCOUNT, OTHER_ACCOUNT, Lot, Transfer, write_pain001
from tests.settlement.camt_messages import list_movements

XSD = Path(__file__).parents[1] / "xsd"
REASONS = bank_reasons.load()
FREQUENT = OutcomeRates(1, 20_000)
NAMES = ("Société d'Économie <mixte> & Cie", "A" * 70, "Ets. Œuvre", "x")


def build_transfers(count: int, first: int = 1) -> list[Transfer]:
    return [
        Transfer(f"CRSC01{n:012}00", 100 + 7 * n, NAMES[n % len(NAMES)]) for n in range(first, first + count)
    ]


def write_orders(folder: Path) -> Path:
    lots = [
        Lot(build_transfers(150)),
        Lot(build_transfers(50, 1000), OTHER_ACCOUNT),
        Lot(build_transfers(30, 2000), day="2018-12-21"),
    ]
    return write_pain001(folder / "run.xml", lots)


def respond(folder: Path, behaviour: BankBehaviour) -> WrittenResponses:
    return write_responses([write_orders(folder)], folder / "out", behaviour, on_step=lambda _: None)


def format_message_name(message: str, version: str) -> str:
    return f"{message}.001.{'12' if message == 'pain.002' else version}"


@pytest.mark.parametrize("statement_format", STATEMENT_FORMATS)
def test_accounts_share_a_file_until_it_is_full(tmp_path: Path, statement_format: BankFormat) -> None:
    paths = [write_orders(tmp_path)]
    accounts = {}
    for per_file in (FILE_TRANSFERS, 199, 0):
        out = tmp_path / f"of-{per_file}"
        response = write_responses(
            paths,
            out,
            BankBehaviour(REASONS, OutcomeRates(1, 0), statement_format, per_file=per_file),
            on_step=lambda _: None,
        )
        all_messages = [bank_file_reader.read_bank_file(out / name) for name in response.files]
        messages = [message for message in all_messages if message.format is not BankFormat.PAIN002]
        accounts[per_file] = [[statement.account for statement in message.statements] for message in messages]
        identities = [message.identity for message in messages]
        assert len(set(identities)) == len(identities)
        assert sum(int(message.movements.amount.size) for message in messages) == 230
    assert accounts[FILE_TRANSFERS] == [[ACCOUNT, OTHER_ACCOUNT], [ACCOUNT]]
    assert accounts[199] == [[ACCOUNT], [OTHER_ACCOUNT], [ACCOUNT]]
    assert accounts[0] == accounts[199]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("version", CamtVersion)
def test_every_message_is_valid_by_its_schema_and_read_alike_by_another_library(
    tmp_path: Path, version: CamtVersion, together: bool
) -> None:
    per_file = FILE_TRANSFERS if together else 0
    response = respond(tmp_path, BankBehaviour(REASONS, FREQUENT, version=version, per_file=per_file))
    formats = Counter[str]()
    for name in response.files:
        path = tmp_path / "out" / name
        message = bank_file_reader.read_bank_file(path)
        formats[message.format] += 1
        XMLSchema(file=str(XSD / f"{format_message_name(message.format, version)}.xsd")).assertValid(
            parse(str(path))
        )
        if message.format is BankFormat.PAIN002:
            expected = [
                ("reject", cents, end_to_end, reason)
                for end_to_end, reason, cents in pyiso20022_reader.read_rejections(path)
            ]
        else:
            theirs = pyiso20022_reader.read_statements(path, message.format, version)
            assert [(other.identity, other.account, other.opening, other.closing) for other in theirs] == [
                (ours.identity, ours.account, ours.opening, ours.closing) for ours in message.statements
            ]
            sign = {True: "debit", False: "return"}
            expected = [
                (sign[moved.cents < 0], abs(moved.cents), moved.end_to_end, moved.reason)
                for statement in theirs
                for moved in statement.movements
            ]
        assert list_movements(message) == expected
    assert formats.keys() == {"pain.002", "camt.053", "camt.054"}


def test_every_order_is_debited_or_rejected_and_nothing_else(tmp_path: Path) -> None:
    response = respond(tmp_path, BankBehaviour(REASONS, FREQUENT))
    orders = read_payment_files([write_orders(tmp_path)])
    ordered = dict(zip(orders.end_to_end, orders.amount.tolist(), strict=True))
    reported: dict[str, dict[str, int]] = {"debit": {}, "return": {}, "reject": {}}
    for name in response.files:
        message = bank_file_reader.read_bank_file(tmp_path / "out" / name)
        if message.format is not BankFormat.CAMT054:
            for movement_type, cents, end_to_end, _ in list_movements(message):
                assert end_to_end not in reported[movement_type]
                reported[movement_type][end_to_end] = cents
    assert reported["debit"] | reported["reject"] == ordered
    assert not reported["debit"].keys() & reported["reject"].keys()
    assert reported["return"].items() <= reported["debit"].items()
    assert (response.transfers, response.rejected, response.returned) == (
        230,
        len(reported["reject"]),
        len(reported["return"]),
    )
    assert response.rejected > 0 < response.returned


def test_notices_and_statements_report_the_same_returns(tmp_path: Path) -> None:
    response = respond(tmp_path, BankBehaviour(REASONS, FREQUENT))
    returns: dict[str, list] = {BankFormat.CAMT053: [], BankFormat.CAMT054: []}
    for name in response.files:
        message = bank_file_reader.read_bank_file(tmp_path / "out" / name)
        if message.format in returns:
            returns[message.format] += [row for row in list_movements(message) if row[0] == "return"]
    assert returns[BankFormat.CAMT053] == returns[BankFormat.CAMT054]


@pytest.mark.parametrize("statement_format", STATEMENT_FORMATS)
def test_the_same_files_and_seed_give_the_same_bytes(tmp_path: Path, statement_format: BankFormat) -> None:
    contents = []
    for turn in ("first", "second"):
        folder = tmp_path / turn
        folder.mkdir()
        files = respond(folder, BankBehaviour(REASONS, FREQUENT, statement_format)).files
        contents.append({name: (folder / "out" / name).read_bytes() for name in [*files, STATE_FILE]})
    assert contents[0] == contents[1]
    folder = tmp_path / "other"
    folder.mkdir()
    different = respond(folder, BankBehaviour(REASONS, OutcomeRates(2, 20_000), statement_format)).files
    assert {name: (folder / "out" / name).read_bytes() for name in [*different, STATE_FILE]} != contents[0]


def test_both_statement_formats_have_the_same_movements_without_reasons(tmp_path: Path) -> None:
    movements, balances = [], []
    for statement_format in STATEMENT_FORMATS:
        folder = tmp_path / statement_format
        folder.mkdir()
        response = respond(folder, BankBehaviour(REASONS, FREQUENT, statement_format))
        messages = [
            bank_file_reader.read_bank_file(folder / "out" / name)
            for name in response.files
            if "camt053" in name or "cfonb" in name
        ]
        movements.append([row[:3] for message in messages for row in list_movements(message)])
        balances.append([statement[1:5] for message in messages for statement in message.statements])
    assert movements[0] == movements[1]
    assert balances[0] == balances[1]


def test_responses_continue_from_earlier_ones(tmp_path: Path) -> None:
    out, behaviour = tmp_path / "out", BankBehaviour(REASONS, FREQUENT)
    first = write_responses(
        [write_pain001(tmp_path / "1.xml", [Lot(build_transfers(60))])],
        out,
        behaviour,
        on_step=lambda _: None,
    )
    second = write_responses(
        [write_pain001(tmp_path / "2.xml", [Lot(build_transfers(60, 100))], "RUN-2")],
        out,
        behaviour,
        on_step=lambda _: None,
    )
    messages = [bank_file_reader.read_bank_file(out / name) for name in [*first.files, *second.files]]
    statements = [
        statement
        for message in messages
        if message.format is BankFormat.CAMT053
        for statement in message.statements
    ]
    assert all(previous.closing == statement.opening for previous, statement in pairwise(statements))
    assert [statement.day for statement in statements] == sorted({statement.day for statement in statements})
    state = msgspec.json.decode((out / STATE_FILE).read_bytes(), type=dict[str, AccountState])
    assert state[ACCOUNT].closing == statements[-1].closing
    assert state[ACCOUNT].number == len(statements)


def test_the_default_rates_are_observed(tmp_path: Path) -> None:
    count = 40_000
    orders = read_payment_files([write_pain001(tmp_path / "run.xml", [Lot(build_transfers(count))])])
    outcomes = decide_outcomes(orders, {}, REASONS, rates=OutcomeRates())
    failed = np.flatnonzero(outcomes.movement_type != MovementType.DEBIT)
    assert 0.0018 * count < failed.size < 0.0032 * count
    all_failed = decide_outcomes(orders, {}, REASONS, rates=OutcomeRates(1, 100_000))
    assert (all_failed.movement_type != MovementType.DEBIT).all()
    counts = Counter(all_failed.codes[reason] for reason in all_failed.reason.tolist())
    assert sum(REASON_SHARES.values()) == 100
    for code, share in REASON_SHARES.items():
        assert abs(counts[code] - share * count // 100) < 0.02 * count, code


def test_reasons_are_of_the_phase_in_which_they_occur(tmp_path: Path) -> None:
    orders = read_payment_files([write_pain001(tmp_path / "run.xml", [Lot(build_transfers(3000))])])
    outcomes = decide_outcomes(orders, {}, REASONS, rates=OutcomeRates(1, 100_000))
    for movement_type, phase in (
        (MovementType.REJECT, ReasonPhase.REJECT),
        (MovementType.RETURN, ReasonPhase.RETURN),
    ):
        codes = {
            outcomes.codes[reason]
            for reason in outcomes.reason[outcomes.movement_type == movement_type].tolist()
        }
        assert len(codes) > 5
        assert all(phase in REASONS.get(str(code)).phases for code in codes)


def test_debits_are_on_target_days_and_returns_within_three(tmp_path: Path) -> None:
    lots = [Lot(build_transfers(2000), day="2018-12-22"), Lot(build_transfers(500, 5000), day="2018-12-31")]
    orders = read_payment_files([write_pain001(tmp_path / "run.xml", lots)])
    outcomes = decide_outcomes(orders, {}, REASONS, rates=OutcomeRates(1, 50_000))
    assert is_open(outcomes.debited).all()
    assert is_open(outcomes.returned).all()
    assert set(outcomes.debited.tolist()) == {
        int(np.datetime64(day, "D").astype(int)) for day in ("2018-12-24", "2018-12-31")
    }
    days_between = np.array(
        [
            is_open(np.arange(debited + 1, returned + 1, dtype=np.int32)).sum()
            for debited, returned in zip(outcomes.debited, outcomes.returned, strict=True)
        ]
    )
    assert set(days_between.tolist()) == {1, 2, 3}


def test_the_outcome_of_a_transfer_does_not_depend_on_its_file(tmp_path: Path) -> None:
    transfers = build_transfers(400)
    together = read_payment_files([write_pain001(tmp_path / "one.xml", [Lot(transfers)])])
    apart = read_payment_files(
        [write_pain001(tmp_path / f"{n}.xml", [Lot(transfers[n::2])], f"RUN-{n}") for n in range(2)]
    )
    types = [
        dict(
            zip(
                orders.end_to_end,
                decide_outcomes(orders, {}, REASONS, rates=FREQUENT).movement_type.tolist(),
                strict=True,
            )
        )
        for orders in (together, apart)
    ]
    assert types[0] == types[1]


def test_files_written_by_another_library_are_read(tmp_path: Path) -> None:
    response = respond(tmp_path, BankBehaviour(REASONS, FREQUENT))
    path = tmp_path / "theirs.xml"
    for name in response.files:
        ours = bank_file_reader.read_bank_file(tmp_path / "out" / name)
        version = "12" if ours.format is BankFormat.PAIN002 else "08"
        text = pyiso20022_reader.serialize_document(
            pyiso20022_reader.parse_document((tmp_path / "out" / name).read_bytes(), ours.format, version)
        )
        assert b":Document" in text
        path.write_bytes(text)
        theirs = bank_file_reader.read_bank_file(path)
        assert (theirs.statements, list_movements(theirs)) == (ours.statements, list_movements(ours))


@pytest.mark.parametrize("statement_format", STATEMENT_FORMATS)
def test_responses_of_the_same_day_do_not_replace_those_of_another_account(
    tmp_path: Path, statement_format: BankFormat
) -> None:
    """Two runs of one day get their responses one after the other in the same folder, as from the command line."""
    behaviour, files = BankBehaviour(REASONS, FREQUENT, statement_format), []
    for number, account in enumerate((ACCOUNT, OTHER_ACCOUNT), 1):
        path = write_pain001(
            tmp_path / f"{number}.xml", [Lot(build_transfers(50, number * 1000), account)], f"RUN-{number}"
        )
        files += write_responses([path], tmp_path / "out", behaviour, on_step=lambda _: None).files
    assert len(set(files)) == len(files)
    accounts = {
        statement.account
        for name in files
        for statement in bank_file_reader.read_bank_file(tmp_path / "out" / name).statements
        if "pain002" not in name
    }
    assert accounts == {ACCOUNT, OTHER_ACCOUNT}
