"""The bank's messages, mutated: the scanner and lxml give the same rows, or both refuse."""

from random import Random

import pytest

from core import bank_reasons
from markup.scanner import BufferSizes
from settlement.bank_files.message_schemas import MESSAGES
from settlement.simulated_bank.camt_writer import CamtVersion
from settlement.simulated_bank.responses import BankBehaviour, write_responses
from settlement.simulated_bank.transfer_outcomes import OutcomeRates
from tests.markup.comparison import describe_difference, read_by_lxml, read_by_scanner
from tests.markup.mutations import mutate
from tests.settlement.bank_orders import Lot, Transfer, write_pain001

CASES = 400


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """One message of each kind and version."""
    folder = tmp_path_factory.mktemp("answers")
    transfers = [Transfer(f"CRSC{n:012}00", 100 + 7 * n, f"Société <{n}> & Cie") for n in range(1, 12)]
    run = write_pain001(folder / "run.xml", [Lot(transfers[:7]), Lot(transfers[7:], day="2018-12-17")])
    found = []
    for version in CamtVersion:
        manner = BankBehaviour(bank_reasons.load(), OutcomeRates(2, 50_000), version=version)
        names = write_responses([run], folder / version, manner, lambda _: None).files
        found += [(folder / version / name).read_bytes() for name in names]
    assert {text[60:140].partition(b"xsd:")[2][:8] for text in found} >= {
        b"pain.002",
        b"camt.053",
        b"camt.054",
    }
    return found


def test_both_readers_agree_on_what_banks_write(documents: list[bytes]) -> None:
    for text in documents:
        ours, theirs = read_by_scanner(text, BufferSizes(), MESSAGES), read_by_lxml(text, MESSAGES)
        assert ours.fault == theirs.fault == 0
        assert not describe_difference(ours, theirs)


@pytest.mark.parametrize("seed", range(8))
def test_both_readers_agree_whatever_is_changed(documents: list[bytes], seed: int) -> None:
    random = Random(seed)
    taken = 0
    for number in range(CASES // 8):
        text = random.choice(documents)
        for _ in range(random.choice((1, 1, 2, 3))):
            text = mutate(random, text)
        sizes = BufferSizes(chunk=random.choice((4096, 8192, 1 << 20)), rows=random.choice((2, 64, 1000)))
        ours, theirs = read_by_scanner(text, sizes, MESSAGES), read_by_lxml(text, MESSAGES)
        taken += ours.fault == 0
        assert not describe_difference(ours, theirs), (seed, number)
    assert taken, "every case was refused: nothing was compared"
