"""Credits of a fund whose programme an order gives to another: the receipt of the old programme opens them there."""

from pathlib import Path

import pytest

from posting.book.registry import ReferenceData
from reporting.verification import verify
from tests.databases import open_connection
from tests.oracle.engine import Engine
from tests.oracle.reference import Reference
from tests.reference_years import copy_reference, copy_year, replace_text
from tests.reporting.journals import PAID, act, process_senders
from tests.succession_years import write_successions

_FUND = {"fund": "1-1-00733"}
_DUE = {"fund_centre": "0217-SGAC-ASPR", "commitment_item": "269906"}
_IN_2019 = {"exercise": "2019", "date": "2019-01-11"}
_FILES = (
    (
        "MINISTRY",
        [
            act("third_party", "T1", "", PAID, payee_name="Donateur", iban="FR1420041010050500013M02606"),
            act("receivable", "R1", "50.00", _DUE, PAID, _FUND),
            act("receipt", "E1", "30.00", _IN_2019, predecessor="@2"),
        ],
    ),
    (
        "BUDGET",
        [
            act(
                "fund_opening",
                "F1",
                "30.00",
                _FUND,
                _IN_2019,
                predecessor="@3",
                fund_centre="0177",
                commitment_item="HT2",
            )
        ],
    ),
)
_ORDER = "0217,,,,0177,,Order,2019-01-02"
_OTHER_ORDERS = ("0217,,,,0117,,Order,2019-01-02", "0177,,,,0217,,Order,2019-01-02")


def _write_reference(folder: Path, order: str) -> Path:
    """Return reference data whose 2019 has the fund on programme 0177, and an order."""
    reference = copy_reference(folder)
    copy_year(reference)
    replace_text(reference, "2019/funds.csv", "1-1-00733,contribution,0217", "1-1-00733,contribution,0177")
    write_successions(reference, order)
    return reference


def test_the_plain_model_opens_by_the_order_alone(tmp_path: Path) -> None:
    for order, code in (
        (_ORDER, "ACCEPTED"),
        *((other, "FUND_RECEIPT_MISMATCH") for other in _OTHER_ORDERS),
    ):
        model = Engine(Reference.load(_write_reference(tmp_path / order[:30].replace(",", "-"), order)))
        outcomes = [outcome for sender, rows in _FILES for outcome, _, _ in model.submit(rows, sender)]
        assert outcomes == ["ACCEPTED"] * 3 + [code]


async def test_what_was_opened_by_an_order_is_proven_by_it(dsn: str, tmp_path: Path) -> None:
    reference = _write_reference(tmp_path / "used", _ORDER)
    await process_senders(dsn, tmp_path, _FILES, ReferenceData.load(reference))
    async with open_connection(dsn) as connection:
        assert await connection.fetch("select code from refusal") == []
    assert (await verify(dsn, folder=reference)).findings == []
    for number, order in enumerate(_OTHER_ORDERS):
        folder = _write_reference(tmp_path / str(number), order)
        findings = (await verify(dsn, folder=folder, checks=["fund_openings"])).findings
        assert [finding.place[: len("entry 4 ")] for finding in findings] == ["entry 4 "]


@pytest.mark.parametrize("order", _OTHER_ORDERS)
async def test_without_that_order_the_opening_is_refused(dsn: str, tmp_path: Path, order: str) -> None:
    reference = _write_reference(tmp_path / "used", order)
    await process_senders(dsn, tmp_path, _FILES, ReferenceData.load(reference))
    async with open_connection(dsn) as connection:
        assert len(await connection.fetch("select code from refusal")) == 1
