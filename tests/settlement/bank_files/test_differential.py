"""The bank's messages, mutated: the scanner and lxml give the same rows, or both refuse."""

from random import Random

import pytest

from core import bank_reasons
from markup.scanner import Sizes
from settlement.bank_files.message_schemas import MESSAGES
from settlement.simulated_bank.camt_writer import Version
from settlement.simulated_bank.responses import Manner, answer
from settlement.simulated_bank.transfer_outcomes import Chances
from tests.markup.comparison import difference, referred, scanned
from tests.markup.mutations import mutated
from tests.settlement.bank_orders import Lot, Transfer, written

CASES = 400


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """One message of each kind and version."""
    folder = tmp_path_factory.mktemp("answers")
    transfers = [Transfer(f"CRSC{n:012}00", 100 + 7 * n, f"Société <{n}> & Cie") for n in range(1, 12)]
    run = written(folder / "run.xml", [Lot(transfers[:7]), Lot(transfers[7:], day="2018-12-17")])
    found = []
    for version in Version:
        manner = Manner(bank_reasons.load(), Chances(2, 50_000), version=version)
        names = answer([run], folder / version, manner, lambda _: None).files
        found += [(folder / version / name).read_bytes() for name in names]
    assert {text[60:140].partition(b"xsd:")[2][:8] for text in found} >= {
        b"pain.002",
        b"camt.053",
        b"camt.054",
    }
    return found


def test_both_readers_agree_on_what_banks_write(documents: list[bytes]) -> None:
    for text in documents:
        ours, theirs = scanned(text, Sizes(), MESSAGES), referred(text, MESSAGES)
        assert ours.fault == theirs.fault == 0
        assert not difference(ours, theirs)


@pytest.mark.parametrize("seed", range(8))
def test_both_readers_agree_whatever_is_changed(documents: list[bytes], seed: int) -> None:
    random = Random(seed)
    taken = 0
    for number in range(CASES // 8):
        text = random.choice(documents)
        for _ in range(random.choice((1, 1, 2, 3))):
            text = mutated(random, text)
        sizes = Sizes(chunk=random.choice((4096, 8192, 1 << 20)), rows=random.choice((2, 64, 1000)))
        ours, theirs = scanned(text, sizes, MESSAGES), referred(text, MESSAGES)
        taken += ours.fault == 0
        assert not difference(ours, theirs), (seed, number)
    assert taken, "every case was refused: nothing was compared"
