"""The table of bank formats: each row can be used, and documents and commands name every format."""

from pathlib import Path

import pytest

from service.cli import generate
from settlement import bank_formats
from settlement.bank_files.message_schemas import MESSAGES, NAMESPACE
from settlement.bank_formats import STATEMENT_FORMATS, BankFormat

DOCUMENT = Path(__file__).parents[2] / "docs/bank.md"
XML_FORMATS = [bank_format for bank_format in BankFormat if bank_format.row.namespace]
TEXT_FORMATS = [bank_format for bank_format in BankFormat if not bank_format.row.namespace]


@pytest.mark.parametrize("bank_format", BankFormat)
def test_every_format_has_a_reader(bank_format: BankFormat) -> None:
    assert callable(bank_format.load_reader())


@pytest.mark.parametrize("bank_format", STATEMENT_FORMATS)
def test_every_statement_format_has_a_writer(bank_format: BankFormat) -> None:
    assert callable(bank_format.load_statement_writer())


def test_every_schema_belongs_to_one_format() -> None:
    for namespace in MESSAGES:
        owners = [
            bank_format
            for bank_format in XML_FORMATS
            if namespace.startswith(f"{NAMESPACE}{bank_format.row.namespace}.")
        ]
        assert owners == [BankFormat.find_xml(namespace)]
    assert {BankFormat.find_xml(namespace) for namespace in MESSAGES} == set(XML_FORMATS)


def test_the_last_text_format_is_chosen_for_any_text() -> None:
    assert [bank_format for bank_format in TEXT_FORMATS if bank_format.row.start == b""] == TEXT_FORMATS[-1:]
    assert BankFormat.find_text(b"anything") is TEXT_FORMATS[-1]


def test_commands_offer_the_formats_of_the_table() -> None:
    assert bank_formats.list_labels() == "pain.002, camt.053, camt.054 or CFONB 120"
    assert generate.StatementFormatName.__args__ == tuple(map(str, STATEMENT_FORMATS))  # type: ignore[attr-defined]


@pytest.mark.parametrize("bank_format", BankFormat)
def test_the_documentation_names_every_format(bank_format: BankFormat) -> None:
    assert f"| {bank_format.row.namespace or bank_format.row.label} |" in DOCUMENT.read_text()
