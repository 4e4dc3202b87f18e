"""The fund centre that gives the credits of a move: the counterpart that its line states."""

from collections.abc import Mapping
from typing import Any

from core.catalog import CATALOG
from core.kind_rules import MOVES_CREDITS
from reporting import code_names as name
from reporting.act_views import CodeLabel
from reporting.code_names import BudgetNode, CodeNames


def find_giving_centre(names: CodeNames, row: Mapping[str, Any]) -> CodeLabel | None:
    """Return the fund centre that gives, with its label in the year of the credits; None if the line moves none."""
    if not row["source"] or CATALOG[row["kind"]].budget not in MOVES_CREDITS:
        return None
    node = BudgetNode.from_number(row["source"])
    code = names.find_code(name.CENTRE, node.centre)
    return CodeLabel(code, names.find_centre_label(code, node.year))
