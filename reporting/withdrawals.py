"""Withdrawals of commitments of earlier years: the year in which they count, and whether AE are available again (rule A15)."""

from collections.abc import Mapping
from typing import Any

from core.catalog import CATALOG, BudgetAction
from reporting.act_views import Withdrawal
from reporting.code_names import CodeNames


def describe_withdrawal(
    names: CodeNames, row: Mapping[str, Any], cell: Mapping[str, Any] | None
) -> Withdrawal | None:
    """Describe what a withdrawal of a commitment of an earlier year does; None for any other act."""
    if cell is None or CATALOG[row["kind"]].budget is not BudgetAction.WITHDRAW:
        return None
    cases = names.codes.find_year(row["exercise"]).recycling_cases.values()
    case = next((case for case in cases if case.mark == row["source"]), None)
    return Withdrawal(
        commitment_year=cell["budget_year"],
        year=row["day"].year,
        is_available_again=row["source"] > 0,
        recycling_case=case.code if case else "",
        label=case.label if case else "",
    )
