"""The pages of docs that list kinds, codes and roles are those that the code generates."""

import re

import pytest

from core.catalog import KIND_NUMBERS
from core.outcome_codes import REFUSALS
from core.roles import Role, Side
from service.reference_pages import render_pages
from tests.service.command_line import ROOT


@pytest.mark.parametrize("name", ["kinds.md", "codes.md", "roles.md"])
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
    assert rows["service"].endswith("| `authorising_officer`, `certifier`, `uo_manager`")
    assert rows["budget_opening_ae"].endswith("`budget_directorate`")
    assert rows["payment"].endswith("`treasury` alone")


def test_the_page_states_each_role_and_each_exclusion() -> None:
    page = render_pages()["roles.md"]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.MULTILINE)
    assert [name for name, _ in rows] == list(Role)
    assert dict(rows)["certifier"].endswith(
        "| `service`, `service_cancellation` | `service`, `service_cancellation`"
    )
    assert dict(rows)["uo_manager"].endswith("| nothing")
    assert "| ordering | accounting | who orders does not account (GBCP art. 9) |" in page
    assert page.count("| budget directorate | ") == len(Side) - 1 + 1  # its pairs, and its own row
