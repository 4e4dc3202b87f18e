"""Claims of late interest without a reason are judged by the files before theirs, however files share batches."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ingest.queue.batch_cuts import BatchLimits
from tests.embedded_servers import run_server
from tests.file_strategies import REFERENCE, Row
from tests.oracle.engine import Engine
from tests.oracle.reference import Reference
from tests.test_engine import engine

COMMON = {
    "exercise": "2018",
    "fund_centre": "0177-D013-DD13",
    "functional_area": "0177-12",
    "commitment_item": "31",
    "payee": "P1",
}
FUNDED = [
    {
        "reference": f"B-{kind}-{centre}",
        "kind": kind,
        "exercise": "2018",
        "date": "2018-03-01",
        "fund_centre": centre,
        "commitment_item": "HT2",
        "amount": "9000.00",
    }
    for measure in ("ae", "cp")
    for kind, centre in (
        (f"budget_opening_{measure}", "0177"),
        (f"allotment_{measure}", "0177-D013"),
        (f"allotment_{measure}", "0177-D013-DD13"),
    )
]
PAYEE = {
    "reference": "T1",
    "kind": "third_party",
    "exercise": "2018",
    "date": "2018-03-01",
    "payee": "P1",
    "payee_name": "Entreprise",
    "iban": "FR7630006000011234567890189",
}
REQUEST = {
    **COMMON,
    "kind": "direct_payment_request",
    "reference": "DP-1",
    "date": "2018-05-02",
    "amount": "1000.00",
}
COMMITMENT = {**COMMON, "kind": "commitment", "reference": "EJ-1", "date": "2018-06-25", "amount": "1.00"}
PAYMENT = {"kind": "payment", "reference": "P-1", "predecessor": "DP-1", "date": "2018-06-21"}
DEBIT = {"kind": "bank_debit", "reference": "D-1", "predecessor": "P-1", "date": "2018-06-22"}
PAID = [{"exercise": "2018", "amount": "1000.00", **row} for row in (PAYMENT, DEBIT)]


def build_claim(number: int, amount: str, predecessor: str = "DP-1", reason: str = "") -> Row:
    row = {"kind": "late_interest", "reference": f"IM-{number}", "predecessor": predecessor, "amount": amount}
    return {"exercise": "2018", "date": "2018-06-25", "payee": "P1", "reason": reason, **row}


_AREA = {"functional_area": "0177-12", "commitment_item": "51"}
FILES: Sequence[list[Row]] = (
    [*FUNDED, PAYEE, REQUEST],
    [build_claim(1, "44.38")],
    PAID,
    [build_claim(2, "40.00"), build_claim(3, "4.39"), build_claim(4, "1.00", "DP-9")],
    [build_claim(5, "2.00", reason="jugement"), build_claim(6, "2.39"), build_claim(7, "2.38")],
    [build_claim(8, "0.01")],
    [{**REQUEST, "reference": "DP-2"}],
    [
        {**row, "reference": f"{row['reference']}-2", "predecessor": predecessor}
        for row, predecessor in zip(PAID, ("DP-2", "P-1-2"), strict=True)
    ],
    [
        build_claim(9, "44.38", "DP-2") | {"payee": "P9"},
        build_claim(10, "44.37", "DP-2"),
        build_claim(11, "0.02", "DP-2"),
        build_claim(12, "44.38", "DP-2") | {"fund_centre": "0177-D013-DR13"} | _AREA,
        *({**COMMITMENT, "line": number} for number in ("1", "2")),
        build_claim(13, "0.01", "DP-2"),
    ],
)
"""Due on 1 June and 20 days late at 8.00 %: 4.38 and 40.00."""
EXPECTED = (
    ["INTEREST_NOT_DUE"],
    ["ACCEPTED", "INTEREST_EXCEEDS_RULE", "INTEREST_NOT_DUE"],
    ["ACCEPTED", "INTEREST_EXCEEDS_RULE", "ACCEPTED"],
    ["INTEREST_EXCEEDS_RULE"],
    ["ACCEPTED"],
    ["ACCEPTED", "ACCEPTED"],
    [
        "PAYEE_UNKNOWN",
        "ACCEPTED",
        "INTEREST_EXCEEDS_RULE",
        "INTEREST_EXCEEDS_RULE",
        *("ACCEPTED", "ACCEPTED"),
        "ACCEPTED",
    ],
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of an embedded server that runs in another thread."""
    with run_server(tmp_path_factory.mktemp("limits")) as dsn:
        yield dsn


@pytest.mark.parametrize("limits", [BatchLimits(), BatchLimits(pieces=1), BatchLimits(pieces=3, lines=4)])
@pytest.mark.parametrize("kills", [(), (1, 2, 1)])
def test_claims_are_judged_alike_however_files_share_batches(
    server: str, tmp_path: Path, limits: BatchLimits, kills: Sequence[int]
) -> None:
    """All files are processed together; the plain model takes one after the other."""
    model = Engine(Reference.load(REFERENCE))
    expected = [model.submit(rows) for rows in FILES]
    outcomes = [[outcome for outcome, _, _ in results] for results in expected]
    assert (outcomes[1], *outcomes[3:]) == EXPECTED
    with engine(server, tmp_path) as driver:
        assert driver.submit_files(list(FILES), limits=limits, kills=kills) == expected
