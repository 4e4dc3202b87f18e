"""A kind that needs no new rule costs one row of the catalog and one example: shown with a kind that nobody planned.

The row and the example are added to a copy of the sources. There the scenario passes on the plain model and on the engine,
a file with the new kind is posted, explained and proven, and the pages made from the catalog name it.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
_QUIET = ("-W", "ignore::RuntimeWarning")
CATALOG_END = ")  # fmt: skip\n"
ROW = """    ActKind("purchase_card_request", "relevé d'opérations de carte d'achat", _F.PAYMENT_REQUEST, budget=_B.SPEND,
            ae_reserved=1, cp_reserved=1, debit=Role.EXPENSE, credit=Role.CREDITOR, pays=True, reaches=_S.PAYABLE,
            year_rule=_Y.ORDERS, bills=True),
"""
SCENARIO = """# The statement of a purchase card, a kind that no rule was written for.

usual  exercise 2018  date 2018-05-02
usual  fund_centre 0177-D013-DD13  functional_area 0177-12  commitment_item 31  payee 1001488375


== A20: the statement of a purchase card takes AE and CP in one act, and the bank of the card is paid

budget          item      AE      CP
0177            HT2   100.00  100.00
0177-D013       HT2   100.00  100.00
0177-D013-DD13  HT2   100.00  100.00

payee       payee_name  iban
1001488375  Banque      FR7630006000011234567890189

file  kind                       reference  predecessor  amount  outcome
1     purchase_card_request      CA-1       -             40.00  ACCEPTED
1     purchase_card_request      CA-2       -             60.01  AE_EXCEEDED
1     payment_request_rejection  RJ-1       CA-1          10.00  ACCEPTED
1     payment                    P-1        CA-1          30.00  ACCEPTED
1     bank_debit                 BD-1       P-1           30.00  ACCEPTED

account     debit  credit
6188000000  40.00   10.00
4011100000  40.00   40.00
5121100000   0.00   30.00
"""
_UNIT = {"exercise": "2018", "date": "2018-05-02", "fund_centre": "0177-D013-DD13", "commitment_item": "31"}
ACTS = [
    *(
        {**_UNIT, "kind": f"{kind}_{measure}", "reference": f"{centre}-{measure}", "amount": "100.00"}
        | {"fund_centre": centre, "commitment_item": "HT2"}
        for kind, centre in (
            ("budget_opening", "0177"),
            ("allotment", "0177-D013"),
            ("allotment", "0177-D013-DD13"),
        )
        for measure in ("ae", "cp")
    ),
    {**_UNIT, "kind": "third_party", "reference": "T-1", "payee": "BANK", "payee_name": "Banque"}
    | {"iban": "FR7630006000011234567890189", "fund_centre": "", "commitment_item": ""},
    {**_UNIT, "kind": "purchase_card_request", "reference": "CA-1", "amount": "40.00", "payee": "BANK"}
    | {"functional_area": "0177-12"},
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources with the row and the example."""
    copy = tmp_path_factory.mktemp("sources") / "tree"
    without_caches = shutil.ignore_patterns("__pycache__")
    copy.mkdir()
    for folder in (path.parent for path in ROOT.glob("*/__init__.py")):
        shutil.copytree(folder, copy / folder.name, ignore=without_caches)
    shutil.copytree(ROOT / "docs", copy / "docs")
    shutil.copy(ROOT / "pyproject.toml", copy)
    catalog = copy / "core" / "catalog.py"
    text = catalog.read_text()
    assert text.count(CATALOG_END) == 1
    catalog.write_text(text.replace(CATALOG_END, ROW + CATALOG_END))
    (copy / "tests" / "scenarios" / "purchase_cards.txt").write_text(SCENARIO)
    return copy


def run_in(tree: Path, *words: str | Path) -> str:
    """Run Python on the copy to its end, and return its output.

    The kernels are interpreted, as compiling them takes minutes; NumPy then warns of the overflows that hashing intends.
    """
    result = subprocess.run(
        [sys.executable, *_QUIET, *map(str, words)],
        cwd=tree,
        check=False,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def run_command(tree: Path, *words: str | Path) -> str:
    return run_in(tree, "-c", "from service.cli.main import main; main()", *words)


def test_the_example_passes_on_the_plain_model_and_on_the_engine(tree: Path) -> None:
    files = ("tests/test_scenarios.py", "tests/test_engine.py")
    output = run_in(
        tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", *_QUIET, *files, "-k", "purchase_cards"
    )
    assert "2 passed" in output, output


def test_an_act_of_the_new_kind_is_explained_and_proven(tree: Path, tmp_path: Path) -> None:
    acts = tmp_path / "acts.jsonl"
    acts.write_text("".join(json.dumps(act) + "\n" for act in ACTS))
    place = ("--data", tmp_path / "data")
    (receipt,) = json.loads(run_command(tree, "run", acts, "--sender", "MIN-09", "--json", *place))[
        "receipts"
    ]
    assert receipt["accepted"]["lines"] == len(ACTS)
    (line,) = json.loads(run_command(tree, "explain", "CA-1", "--json", *place))["accepted"]
    assert (line["kind"], line["amount"]) == ("purchase_card_request", 4_000)
    proof = json.loads(run_command(tree, "verify", "--json", *place))
    assert (proof["proven"], proof["findings"]) == (True, [])


def test_the_pages_made_from_the_catalog_name_the_new_kind(tree: Path) -> None:
    run_in(tree, "-m", "service.reference_pages")
    kinds, roles = ((tree / "docs" / f"{page}.md").read_text() for page in ("kinds", "roles"))
    assert "purchase_card_request" in kinds
    assert "relevé d'opérations de carte d'achat" in kinds
    assert "purchase_card_request" in roles
