"""``crescendo pay``, from proposal to payment files."""

from pathlib import Path
from typing import Any

import pytest

from tests.file_strategies import REFERENCE
from tests.service.command_line import CommandResult, run_crescendo
from tests.settlement.runs.small_state import OTHER_UNIT, SmallState, iban

AT = ("--at", "2018-06-14T10:00")


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> SmallState:
    state = await SmallState(dsn, tmp_path).open()
    await state.register_payees(*({"payee": f"P{at}", "iban": iban(at)} for at in range(1, 4)))
    await state.post_requests(
        {"reference": "DP-1", "payee": "P1", "amount": "100.00"},
        {"reference": "DP-2", "payee": "P2", "amount": "250.50"},
        {"reference": "DP-3", "payee": "P1", "amount": "0.50"},
        {"reference": "DP-4", "payee": "P3", "amount": "1000.00", **OTHER_UNIT},
        {"reference": "DP-5", "payee": "P3", "amount": "3.00", "method": "cheque"},
    )
    return state


async def run_pay(world: SmallState, *arguments: str, code: int = 0) -> CommandResult:
    place = {
        "CRESCENDO_DATABASE": world.dsn,
        "CRESCENDO_DATA": str(world.folder),
        "CRESCENDO_REFERENCE": str(REFERENCE),
    }
    result = await run_crescendo("pay", *arguments, environment=place)
    assert result.code == code, result
    return result


async def run_pay_json(world: SmallState, *arguments: str, code: int = 0) -> Any:
    return (await run_pay(world, *arguments, "--json", code=code)).json()


async def test_a_payment_run_from_proposal_to_files(world: SmallState) -> None:
    proposed = await run_pay_json(world, "propose", "--as", "Alice", "--until", "2018-06-30", *AT)
    assert (proposed["run"], proposed["state"], proposed["lines"], proposed["cents"]) == (
        1,
        "proposed",
        4,
        135_100,
    )
    assert [(total["accountant"], total["lines"]) for total in proposed["totals"]] == [
        ("ECOL", 1),
        ("PACA", 3),
    ]
    assert proposed["reasons"] == [{"reason": "METHOD", "lines": 1, "cents": 300}]

    await run_pay(world, "hold", "1", "3", "--as", "Bruno", "--reason", "invoice disputed")
    await run_pay(world, "hold", "1", "1", "--as", "Bruno")
    await run_pay(world, "unhold", "1", "1", "--as", "Alice")
    assert "1 payee grouped" in (await run_pay(world, "regroup", "1", "P1", "--as", "Alice")).out
    page = await run_pay_json(world, "show", "1", "--lines", "2", "--from", "2")
    assert [(line["line"], line["name"], line["standing"]) for line in page["shown"]] == [
        (2, "Entreprise P1", "proposed"),
        (3, "Entreprise P2", "HELD"),
    ]
    excluded = await run_pay_json(world, "show", "1", "--lines", "9", "--left-out")
    assert [line["standing"] for line in excluded["shown"]] == ["HELD", "METHOD"]

    refused = await run_pay(world, "release", "1", "--as", "Alice", code=3)
    assert "another person must" in refused.err
    assert await run_pay_json(world, "release", "1", "--as", "Bruno") == {
        "run": 1,
        "lines": 3,
        "cents": 110_050,
        "released_by": "Bruno",
    }
    released = await run_pay_json(world, "show", "1", "--lines", "9")
    assert [line["standing"] for line in released["shown"]] == [
        "released",
        "released",
        "HELD",
        "released",
        "METHOD",
    ]
    issued = await run_pay_json(world, "issue", "1", "--as", "Claire", *AT)
    sent = await run_pay_json(world, "show", "1", "--lines", "9")
    assert [line["standing"] for line in sent["shown"]] == ["sent", "sent", "HELD", "sent", "METHOD"]
    assert (issued["state"], issued["paid"], issued["refused"], issued["files"]) == ("issued", 3, 0, 2)
    files = await run_pay_json(world, "files", "1")
    assert [(file["transactions"], file["cents"]) for file in files] == [(1, 100_000), (1, 10_050)]
    assert all(Path(file["path"]).is_file() for file in files)
    assert await run_pay_json(world, "issue", "1", "--as", "Claire", *AT) == issued
    (listed,) = await run_pay_json(world, "list")
    assert (listed["run"], listed["state"], listed["proposed_by"], listed["released_by"]) == (
        1,
        "issued",
        "Alice",
        "Bruno",
    )


async def test_printed_output_of_payment_runs(world: SmallState) -> None:
    output = (await run_pay(world, "propose", "--as", "Alice", "--until", "2018-06-30", *AT)).out
    assert "Run 1 is proposed: 4 lines, 1,351.00 euros, due until 2018-06-30; proposed by Alice." in output
    assert "the request is to be paid by other means than a transfer" in output
    assert (
        "Run 1 is released: 4 lines, 1,351.00 euros."
        in (await run_pay(world, "release", "1", "--as", "Bruno")).out
    )
    await world.post([{"reference": "L1", "kind": "payee_block", "payee": "P2"}], "accountant")
    output = (await run_pay(world, "issue", "1", "--as", "Claire", *AT, code=1)).out
    assert "Issued by Claire: 3 paid, 1,100.50 euros, in 2 files; 1 refused." in output
    assert "PAYEE_BLOCKED" in output
    assert "01-1-PACA-SEPA-1.xml" in (await run_pay(world, "files", "1")).out
    assert "issued" in (await run_pay(world, "list")).out
    second = (await run_pay(world, "propose", "--as", "Alice", "--until", "2018-06-30", *AT)).out
    assert "the payee is blocked" in second
    assert (
        "Run 2 is abandoned."
        in (await run_pay(world, "abandon", "2", "--as", "Alice", "--reason", "nothing")).out
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("propose",), 2, "--as"),
        (("propose", "--as", " "), 2, "not only spaces"),
        (("propose", "--as", "A" * 71), 2, "at most 70"),
        (("propose", "--as", "A", "--until", "soon"), 2, "write it as in 2018-12-21"),
        (("propose", "--as", "A", "--at", "soon"), 2, "write it as in 2018-12-20T14:00"),
        (("hold", "1", "--as", "A"), 2, "name at least one line"),
        (("show", "7"), 3, "there is no run 7"),
        (("issue", "7", "--as", "A"), 3, "there is no run 7"),
        (("issue", "7", "--as", "A", "--version", "12"), 2, "version"),
        (("files", "7"), 3, "there is no run 7"),
        (("regroup", "7", "NOBODY", "--as", "A"), 3, "no payee NOBODY"),
    ],
)
async def test_impossible_changes_are_refused(
    world: SmallState, arguments: tuple[str, ...], code: int, message: str
) -> None:
    assert message in (await run_pay(world, *arguments, code=code)).err
