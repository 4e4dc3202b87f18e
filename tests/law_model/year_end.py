"""What the end of a year posts: accruals reversed, the result determined and allotted (A62, A65; docs/closing.md)."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

from tests.law_model.form import write_euros
from tests.law_model.kinds import ACCRUAL_REVERSAL, ACCRUALS, ALLOCATIONS, DEBIT_LINES, RESULTS
from tests.law_model.nomenclature import Year
from tests.law_model.state import Row, State

REVERSAL_STEP, RESULT_STEP, ALLOCATION_STEP = "C08", "C12", "C16"
_Line = tuple[str, str, int]
"""Accountant, account, and cents: a debit if positive."""


def list_reversals(state: State, year: int) -> list[Row]:
    """Return what reverses the accruals of a year of which something is left, each whole, on 2 January."""
    return [
        {
            "reference": f"{year}.{entry.number}",
            "line": "1",
            "kind": ACCRUAL_REVERSAL,
            "exercise": str(year + 1),
            "date": date(year + 1, 1, 2).isoformat(),
            "amount": write_euros(entry.left),
            "predecessor": f"@{entry.number}",
        }
        for entry in state.documents
        if entry.kind in ACCRUALS and entry.exercise == year and entry.left
    ]


def list_results(state: State, year: int) -> list[Row]:
    """Return what posts charges and products of each accountant to zero, and brings their sum to who centralises."""
    files, rows = state.reference.years[year], list[Row]()
    balances: Counter[tuple[str, str]] = Counter()
    for sums, sign in ((state.debits, 1), (state.credits, -1)):
        for key, cents in sums.items():
            if key.exercise == year and key.account[0] in "67":
                balances[key.accountant, key.account] += sign * cents
    for accountant in sorted({own for own, _ in balances} & {*files.accountants.values()}):
        own = sorted((account, cents) for (code, account), cents in balances.items() if code == accountant)
        lines = [(accountant, account, -cents) for account, cents in own if cents]
        lines += _centralise(accountant, sum(cents for _, cents in own), files)
        rows += _write_act(state, year, f"{year}.{accountant}", lines=[line for line in lines if line[2]])
    return rows


def _centralise(accountant: str, cents: int, files: Year) -> list[_Line]:
    """Return the lines that bring a sum over the account between accountants to that of the result."""
    result, transfer, central = files.result
    own = [(accountant, transfer, cents), (central, transfer, -cents)] if accountant != central else []
    return [*own, (central, result, cents)]


def _write_act(state: State, year: int, name: str, *, lines: list[_Line]) -> Iterator[Row]:
    for number, (accountant, account, cents) in enumerate(lines, 1):
        yield {
            "reference": f"{name}.{len(state.documents)}",
            "line": str(number),
            "kind": "result_debit" if cents > 0 else "result_credit",
            "exercise": str(year),
            "date": date(year, 12, 31).isoformat(),
            "fund_centre": _find_centre(state.reference.years[year], accountant),
            "account": account,
            "amount": write_euros(abs(cents)),
        }


def _find_centre(files: Year, accountant: str) -> str:
    return next(code for code, own in files.accountants.items() if own == accountant)


def list_allocation(state: State, year: int, day: date) -> list[Row]:
    """Return what brings what is left of the result of a year to the account of the settlement act, in the next year."""
    before, after = (state.reference.years[number] for number in (year, year + 1))
    accountant, cents = before.result.accountant, _find_open_result(state, year)
    if not cents or not after.settled_on or after.result != before.result:
        return []
    lines = ((after.result.result, -cents), (after.settled_on, cents))
    return [
        {
            "reference": f"{year}.{accountant}.{len(state.documents)}",
            "line": str(number),
            "kind": f"result_allocation_{'debit' if part > 0 else 'credit'}",
            "exercise": str(day.year),
            "date": day.isoformat(),
            "fund_centre": _find_centre(after, accountant),
            "account": account,
            "amount": write_euros(abs(part)),
        }
        for number, (account, part) in enumerate(lines, 1)
    ]


def _find_open_result(state: State, year: int) -> int:
    """Return debit less credit of the result of a year, as its own month has it, less what was allotted of it."""
    result = state.reference.years[year].result
    kinds = {(kind, year) for kind in RESULTS} | {(kind, year + 1) for kind in ALLOCATIONS}
    total = 0
    for document in state.documents:
        if (document.kind, document.exercise) not in kinds or document.account != result.result:
            continue
        assert document.key is not None
        files = state.reference.years[document.key.year]
        if files.find_accountant(document.key.centre) == result.accountant:
            total += document.amount if document.kind in DEBIT_LINES else -document.amount
    return total
