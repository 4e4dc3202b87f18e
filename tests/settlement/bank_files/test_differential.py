"""Mutated bank messages: the scanner and lxml give the same rows, or both refuse."""

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
from tests.settlement.camt_messages import (
    balance,
    creditor_reference,
    detail,
    document,
    entry,
    free_text,
    statement,
)

CASES = 400


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """One message of each format and version."""
    folder = tmp_path_factory.mktemp("answers")
    transfers = [Transfer(f"CRSC01{n:012}00", 100 + 7 * n, f"Société <{n}> & Cie") for n in range(1, 12)]
    run = write_pain001(folder / "run.xml", [Lot(transfers[:7]), Lot(transfers[7:], day="2018-12-17")])
    documents = []
    for version in CamtVersion:
        behaviour = BankBehaviour(bank_reasons.load(), OutcomeRates(2, 50_000), version=version)
        names = write_responses([run], folder / version, behaviour, on_step=lambda _: None).files
        documents += [(folder / version / name).read_bytes() for name in names]
    documents.append(build_credits().encode())
    assert {text[60:140].partition(b"xsd:")[2][:8] for text in documents} >= {
        b"pain.002",
        b"camt.053",
        b"camt.054",
    }
    return documents


def build_credits() -> str:
    """Build a statement with remittance information: none, text, references, and both."""
    remittances = ("", free_text("A &amp; B", " TP-1 "), creditor_reference("TP-2", "TP-3"))
    details = [detail(remittance=text) for text in (*remittances, "".join(remittances))]
    entries = [entry("1.00", "CRDT", [text]) for text in details]
    return document(statement(balance("OPBD", "0.00"), balance("CLBD", "4.00"), *entries))


def test_both_readers_agree_on_bank_messages(documents: list[bytes]) -> None:
    for text in documents:
        ours, theirs = read_by_scanner(text, BufferSizes(), MESSAGES), read_by_lxml(text, MESSAGES)
        assert ours.fault == theirs.fault == 0
        assert not describe_difference(ours, theirs)


@pytest.mark.parametrize("seed", range(8))
def test_both_readers_agree_on_mutated_messages(documents: list[bytes], seed: int) -> None:
    random = Random(seed)
    accepted = 0
    for number in range(CASES // 8):
        text = random.choice(documents)
        for _ in range(random.choice((1, 1, 2, 3))):
            text = mutate(random, text)
        sizes = BufferSizes(chunk=random.choice((4096, 8192, 1 << 20)), rows=random.choice((2, 64, 1000)))
        ours, theirs = read_by_scanner(text, sizes, MESSAGES), read_by_lxml(text, MESSAGES)
        accepted += ours.fault == 0
        assert not describe_difference(ours, theirs), (seed, number)
    assert accepted, "every case was refused: nothing was compared"
