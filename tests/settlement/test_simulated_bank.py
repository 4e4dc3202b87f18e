"""The simulated bank: valid by the official schemas, the same again, at the rates asked, and adding up."""

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
OFTEN = OutcomeRates(1, 20_000)
NAMES = ("Société d'Économie <mixte> & Cie", "A" * 70, "Ets. Œuvre", "x")


def build_transfers(count: int, first: int = 1) -> list[Transfer]:
    return [
        Transfer(f"CRSC{n:012}00", 100 + 7 * n, NAMES[n % len(NAMES)]) for n in range(first, first + count)
    ]


def write_orders(folder: Path) -> Path:
    lots = [
        Lot(build_transfers(150)),
        Lot(build_transfers(50, 1000), OTHER_ACCOUNT),
        Lot(build_transfers(30, 2000), day="2018-12-21"),
    ]
    return write_pain001(folder / "run.xml", lots)


def respond(folder: Path, manner: BankBehaviour) -> WrittenResponses:
    return write_responses([write_orders(folder)], folder / "out", manner, lambda _: None)


def format_message_name(message: str, version: str) -> str:
    return f"{message}.001.{'12' if message == 'pain.002' else version}"


@pytest.mark.parametrize("style", STATEMENT_FORMATS)
def test_accounts_share_a_file_until_it_is_full(tmp_path: Path, style: BankFormat) -> None:
    paths = [write_orders(tmp_path)]
    kept = {}
    for per_file in (FILE_TRANSFERS, 199, 0):
        out = tmp_path / f"of-{per_file}"
        found = write_responses(
            paths, out, BankBehaviour(REASONS, OutcomeRates(1, 0), style, per_file=per_file), lambda _: None
        )
        read_back = [bank_file_reader.read_bank_file(out / name) for name in found.files]
        messages = [each for each in read_back if each.format is not BankFormat.PAIN002]
        kept[per_file] = [[each.account for each in message.statements] for message in messages]
        identities = [message.identity for message in messages]
        assert len(set(identities)) == len(identities)
        assert sum(int(message.movements.amount.size) for message in messages) == 230
    assert kept[FILE_TRANSFERS] == [[ACCOUNT, OTHER_ACCOUNT], [ACCOUNT]]
    assert kept[199] == [[ACCOUNT], [OTHER_ACCOUNT], [ACCOUNT]]
    assert kept[0] == kept[199]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("version", CamtVersion)
def test_every_message_is_valid_by_the_official_schema_and_read_by_others(
    tmp_path: Path, version: CamtVersion, together: bool
) -> None:
    per_file = FILE_TRANSFERS if together else 0
    found = respond(tmp_path, BankBehaviour(REASONS, OFTEN, version=version, per_file=per_file))
    kinds = Counter[str]()
    for name in found.files:
        path = tmp_path / "out" / name
        message = bank_file_reader.read_bank_file(path)
        kinds[message.format] += 1
        XMLSchema(file=str(XSD / f"{format_message_name(message.format, version)}.xsd")).assertValid(
            parse(str(path))
        )
        if message.format is BankFormat.PAIN002:
            expected = [
                ("reject", cents, ours, reason)
                for ours, reason, cents in pyiso20022_reader.read_rejections(path)
            ]
        else:
            theirs = pyiso20022_reader.read_statements(path, message.format, version)
            assert [(each.identity, each.account, each.opening, each.closing) for each in theirs] == [
                (each.identity, each.account, each.opening, each.closing) for each in message.statements
            ]
            sign = {True: "debit", False: "return"}
            expected = [
                (sign[each.cents < 0], abs(each.cents), each.end_to_end, each.reason)
                for one in theirs
                for each in one.movements
            ]
        assert list_movements(message) == expected
    assert kinds.keys() == {"pain.002", "camt.053", "camt.054"}


def test_what_is_asked_is_moved_or_rejected_and_nothing_else(tmp_path: Path) -> None:
    found = respond(tmp_path, BankBehaviour(REASONS, OFTEN))
    orders = read_payment_files([write_orders(tmp_path)])
    wanted = dict(zip(orders.end_to_end, orders.amount.tolist(), strict=True))
    seen: dict[str, dict[str, int]] = {"debit": {}, "return": {}, "reject": {}}
    for name in found.files:
        message = bank_file_reader.read_bank_file(tmp_path / "out" / name)
        if message.format is not BankFormat.CAMT054:
            for sort, cents, end_to_end, _ in list_movements(message):
                assert end_to_end not in seen[sort]
                seen[sort][end_to_end] = cents
    assert seen["debit"] | seen["reject"] == wanted
    assert not seen["debit"].keys() & seen["reject"].keys()
    assert seen["return"].items() <= seen["debit"].items()
    assert (found.transfers, found.rejected, found.returned) == (
        230,
        len(seen["reject"]),
        len(seen["return"]),
    )
    assert found.rejected > 0 < found.returned


def test_notices_say_what_statements_say_of_returns(tmp_path: Path) -> None:
    found = respond(tmp_path, BankBehaviour(REASONS, OFTEN))
    moved: dict[str, list] = {BankFormat.CAMT053: [], BankFormat.CAMT054: []}
    for name in found.files:
        message = bank_file_reader.read_bank_file(tmp_path / "out" / name)
        if message.format in moved:
            moved[message.format] += [row for row in list_movements(message) if row[0] == "return"]
    assert moved[BankFormat.CAMT053] == moved[BankFormat.CAMT054]


@pytest.mark.parametrize("style", STATEMENT_FORMATS)
def test_the_same_files_and_seed_give_the_same_bytes(tmp_path: Path, style: BankFormat) -> None:
    seen = []
    for turn in ("first", "second"):
        folder = tmp_path / turn
        folder.mkdir()
        files = respond(folder, BankBehaviour(REASONS, OFTEN, style)).files
        seen.append({name: (folder / "out" / name).read_bytes() for name in [*files, STATE_FILE]})
    assert seen[0] == seen[1]
    folder = tmp_path / "other"
    folder.mkdir()
    other = respond(folder, BankBehaviour(REASONS, OutcomeRates(2, 20_000), style)).files
    assert {name: (folder / "out" / name).read_bytes() for name in [*other, STATE_FILE]} != seen[0]


def test_statements_of_both_styles_say_the_same_but_for_reasons(tmp_path: Path) -> None:
    moved, balances = [], []
    for style in STATEMENT_FORMATS:
        folder = tmp_path / style
        folder.mkdir()
        found = respond(folder, BankBehaviour(REASONS, OFTEN, style))
        messages = [
            bank_file_reader.read_bank_file(folder / "out" / name)
            for name in found.files
            if "camt053" in name or "cfonb" in name
        ]
        moved.append([row[:3] for message in messages for row in list_movements(message)])
        balances.append([each[1:5] for message in messages for each in message.statements])
    assert moved[0] == moved[1]
    assert balances[0] == balances[1]


def test_answers_go_on_from_where_the_ones_before_left_off(tmp_path: Path) -> None:
    out, manner = tmp_path / "out", BankBehaviour(REASONS, OFTEN)
    first = write_responses(
        [write_pain001(tmp_path / "1.xml", [Lot(build_transfers(60))])], out, manner, lambda _: None
    )
    second = write_responses(
        [write_pain001(tmp_path / "2.xml", [Lot(build_transfers(60, 100))], "RUN-2")],
        out,
        manner,
        lambda _: None,
    )
    messages = [bank_file_reader.read_bank_file(out / name) for name in [*first.files, *second.files]]
    statements = [
        each for message in messages if message.format is BankFormat.CAMT053 for each in message.statements
    ]
    assert all(one.closing == two.opening for one, two in pairwise(statements))
    assert [each.day for each in statements] == sorted({each.day for each in statements})
    state = msgspec.json.decode((out / STATE_FILE).read_bytes(), type=dict[str, AccountState])
    assert state[ACCOUNT].closing == statements[-1].closing
    assert state[ACCOUNT].number == len(statements)


def test_the_shipped_rates_are_those_of_the_domain(tmp_path: Path) -> None:
    count = 40_000
    orders = read_payment_files([write_pain001(tmp_path / "run.xml", [Lot(build_transfers(count))])])
    found = decide_outcomes(orders, {}, REASONS, OutcomeRates())
    back = np.flatnonzero(found.movement_type != MovementType.DEBIT)
    assert 0.0018 * count < back.size < 0.0032 * count
    often = decide_outcomes(orders, {}, REASONS, OutcomeRates(1, 100_000))
    assert (often.movement_type != MovementType.DEBIT).all()
    seen = Counter(often.codes[reason] for reason in often.reason.tolist())
    assert sum(REASON_SHARES.values()) == 100
    for code, share in REASON_SHARES.items():
        assert abs(seen[code] - share * count // 100) < 0.02 * count, code


def test_reasons_fit_the_phase_in_which_they_come(tmp_path: Path) -> None:
    orders = read_payment_files([write_pain001(tmp_path / "run.xml", [Lot(build_transfers(3000))])])
    found = decide_outcomes(orders, {}, REASONS, OutcomeRates(1, 100_000))
    for sort, phase in ((MovementType.REJECT, ReasonPhase.REJECT), (MovementType.RETURN, ReasonPhase.RETURN)):
        codes = {found.codes[reason] for reason in found.reason[found.movement_type == sort].tolist()}
        assert len(codes) > 5
        assert all(phase in REASONS.get(str(code)).phases for code in codes)


def test_money_moves_on_days_of_target_and_comes_back_within_three(tmp_path: Path) -> None:
    lots = [Lot(build_transfers(2000), day="2018-12-22"), Lot(build_transfers(500, 5000), day="2018-12-31")]
    orders = read_payment_files([write_pain001(tmp_path / "run.xml", lots)])
    found = decide_outcomes(orders, {}, REASONS, OutcomeRates(1, 50_000))
    assert is_open(found.debited).all()
    assert is_open(found.returned).all()
    assert set(found.debited.tolist()) == {
        int(np.datetime64(day, "D").astype(int)) for day in ("2018-12-24", "2018-12-31")
    }
    between = np.array(
        [
            is_open(np.arange(a + 1, b + 1, dtype=np.int32)).sum()
            for a, b in zip(found.debited, found.returned, strict=True)
        ]
    )
    assert set(between.tolist()) == {1, 2, 3}


def test_a_transfer_fares_the_same_in_whatever_file_it_comes(tmp_path: Path) -> None:
    many = build_transfers(400)
    together = read_payment_files([write_pain001(tmp_path / "one.xml", [Lot(many)])])
    apart = read_payment_files(
        [write_pain001(tmp_path / f"{n}.xml", [Lot(many[n::2])], f"RUN-{n}") for n in range(2)]
    )
    fate = [
        dict(
            zip(
                orders.end_to_end,
                decide_outcomes(orders, {}, REASONS, OFTEN).movement_type.tolist(),
                strict=True,
            )
        )
        for orders in (together, apart)
    ]
    assert fate[0] == fate[1]


def test_files_that_another_library_writes_are_taken(tmp_path: Path) -> None:
    found = respond(tmp_path, BankBehaviour(REASONS, OFTEN))
    path = tmp_path / "theirs.xml"
    for name in found.files:
        ours = bank_file_reader.read_bank_file(tmp_path / "out" / name)
        version = "12" if ours.format is BankFormat.PAIN002 else "08"
        text = pyiso20022_reader.serialize_document(
            pyiso20022_reader.parse_document((tmp_path / "out" / name).read_bytes(), ours.format, version)
        )
        assert b":Document" in text
        path.write_bytes(text)
        theirs = bank_file_reader.read_bank_file(path)
        assert (theirs.statements, list_movements(theirs)) == (ours.statements, list_movements(ours))


@pytest.mark.parametrize("style", STATEMENT_FORMATS)
def test_answers_of_one_day_to_another_account_leave_those_that_are_there(
    tmp_path: Path, style: BankFormat
) -> None:
    """Two runs of a day, answered one after the other into one folder, as from the command line."""
    manner, files = BankBehaviour(REASONS, OFTEN, style), []
    for number, account in enumerate((ACCOUNT, OTHER_ACCOUNT), 1):
        path = write_pain001(
            tmp_path / f"{number}.xml", [Lot(build_transfers(50, number * 1000), account)], f"RUN-{number}"
        )
        files += write_responses([path], tmp_path / "out", manner, lambda _: None).files
    assert len(set(files)) == len(files)
    told_of = {
        statement.account
        for name in files
        for statement in bank_file_reader.read_bank_file(tmp_path / "out" / name).statements
        if "pain002" not in name
    }
    assert told_of == {ACCOUNT, OTHER_ACCOUNT}
