"""The example of docs/example.md: from an empty ledger to a paid request, as the page says; and a ledger without credits."""

import re
from pathlib import Path

import pytest

from tests.service.command_line import ROOT, run_crescendo

PAGE = ROOT.joinpath("docs/example.md").read_text()


def list_blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


async def test_the_example_leads_to_a_paid_request(tmp_path: Path) -> None:
    (acts,), (script,) = list_blocks("csv"), list_blocks("sh")
    (tmp_path / "first.csv").write_text(acts)
    outputs: dict[str, str] = {}
    for line in script.splitlines():
        words = [
            str(tmp_path / word) if word.startswith("first") and word != "first" else word
            for word in line.split()
        ][1:]
        words = [path for word in words for path in expand_word(word)]
        result = await run_crescendo(*words)
        assert result.code == 0, f"{line}: {result.err}{result.out}"
        outputs[" ".join(words[:2])] = result.out
    receipt = outputs[f"run {tmp_path / 'first.csv'}"]
    assert re.search(r"first\.csv +10 +10 ", receipt), receipt
    assert "Refused" not in receipt
    assert "No credits are opened yet" not in receipt
    assert "1,200.00" in outputs["explain DP-1"]
    assert "IMPRIMERIE" in outputs["explain DP-1"].upper()
    assert "debit" in outputs["explain DP-1"]


def expand_word(word: str) -> list[str]:
    """Return the paths of a pattern, as a shell does."""
    if "*" not in word:
        return [word]
    path = Path(word)
    return [str(file) for file in sorted(path.parent.glob(path.name))]


@pytest.mark.parametrize("count", [1, 7])
async def test_a_new_ledger_says_that_it_has_no_credits(tmp_path: Path, count: int) -> None:
    mine = tmp_path / "mine.csv"
    header = "reference;kind;exercise;date;fund_centre;functional_area;commitment_item;amount\n"
    line = "commitment;2018;2018-05-02;0217-CENT-C001;0217-07;31;10,00\n"
    mine.write_text(header + "".join(f"EJ-{number};{line}" for number in range(1, count + 1)))
    result = await run_crescendo("run", mine, "--sender", "MINE", "--data", tmp_path / "data")
    assert result.code == 0, result.err
    assert result.out.count("No credits are opened yet") == 1
    assert result.out.count("AE_EXCEEDED") == min(count, 5) + 1
    assert "line 1  EJ-1  AE_EXCEEDED" in result.out
    assert f"report refusals --submission 1 --data {tmp_path / 'data'}" in result.out
    assert "; ." not in result.out
