"""The pages of docs that list kinds and codes are those that the code generates."""

import re

import pytest

from core.catalog import KIND_NUMBERS
from core.outcome_codes import REFUSALS
from service.reference_pages import render_pages
from tests.service.command_line import ROOT


@pytest.mark.parametrize("name", ["kinds.md", "codes.md"])
def test_a_page_is_as_generated(name: str) -> None:
    text = ROOT.joinpath("docs", name).read_text()
    assert text == render_pages()[name], "write it with python -m service.reference_pages"


def test_every_kind_and_every_code_is_listed_once() -> None:
    pages = render_pages()
    kinds = re.findall(r"^\| `(\w+)` \|", pages["kinds.md"], re.MULTILINE)
    assert kinds == [name for name in KIND_NUMBERS if name != "none"]
    assert re.findall(r"^\| `(\w+)` \|", pages["codes.md"], re.MULTILINE) == [code.name for code in REFUSALS]


def test_the_page_states_what_a_kind_needs() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", render_pages()["kinds.md"], re.MULTILINE))
    assert "`date`, `amount`, `payee` | needed" in rows["direct_payment_request"]
    assert "`date`, `amount`, `counterpart` | needed" in rows["budget_move_ae"]
    assert "`predecessor` | inherited" in rows["service"]
    assert rows["budget_opening_ae"].endswith("`budget_directorate`")
    assert rows["payment"].endswith("`treasury` alone")
