"""Reserved senders by command: ``run`` and its dry run refuse such a file whole, with the reason and the remedy."""

import json
from pathlib import Path

import pytest

from tests.file_strategies import REFERENCE
from tests.service.command_line import create_ledger, run_crescendo

_ENVIRONMENT = {"CRESCENDO_REFERENCE": str(REFERENCE)}
_DEBIT = {
    "reference": "D-1",
    "kind": "bank_debit",
    "exercise": "2018",
    "date": "2018-05-02",
    "predecessor": "@1",
    "amount": "20.00",
}


@pytest.mark.parametrize("words", [(), ("--dry-run",)], ids=["run", "dry run"])
@pytest.mark.parametrize(
    ("sender", "finding"), [("bank", "are reserved"), ("MIN-09", "only the sender bank may send")]
)
async def test_a_file_that_its_sender_may_not_send_is_refused_whole(
    sender: str, finding: str, words: tuple[str, ...], dsn: str, tmp_path: Path
) -> None:
    path = tmp_path / "acts.jsonl"
    path.write_text(f"{json.dumps({'envelope': {'sender': sender}})}\n{json.dumps(_DEBIT)}\n")
    place = ("--database", dsn, "--data", tmp_path / "data", "--json")
    await create_ledger("--database", dsn, "--data", tmp_path / "data")
    result = await run_crescendo("run", path, *place, *words, environment=_ENVIRONMENT)
    assert result.code == 1, result.err
    (rejection,) = result.json()["rejected"]
    assert rejection["error"] == "SenderForbidden"
    assert finding in str(rejection)
    assert "crescendo bank import" in str(rejection)
