"""Random acts of the closing beside its steps, some of them wrong: reversals, results, and credits that leave a year."""

from collections.abc import Callable
from datetime import date

from tests.law_model import breaches
from tests.law_model.budget import DecreeKey, NodeKey
from tests.law_model.form import write_euros
from tests.law_model.kinds import ACCRUAL_REVERSAL, ACCRUALS, INVENTORY, UNUSED_EARMARK
from tests.law_model.nomenclature import FAMILIES, ORDINARY
from tests.law_model.state import Row
from tests.law_model.year_context import FIRST_DAY, YearContext

_YEAR = FIRST_DAY.year
_CENTRES = ("0117", "0177-D013", "0177", "0217", "0217-SGAC-ASPR", "0177-D075")
_RESULT, _TRANSFER, _SETTLED = "1200000000", "1842300000", "1100000000"
_WRONG_ACCOUNTS = ("4011100000", "8900009999", "4721000000", "6113119999", "1100000000", "")
_BREACH_RATE = 0.1
Writer = Callable[[YearContext], list[Row]]


def write_closing_file(context: YearContext) -> list[Row]:
    """Return some acts of the closing that no step gives, of which most leave a year that is over."""
    context.sender = "closing"
    rows: list[Row] = []
    for _ in range(context.random.randint(2, 9)):
        writer = context.random.choices([own for own, _ in _WRITERS], [weight for _, weight in _WRITERS])[0]
        rows += _break_act(context, writer(context))
    return [{name: text for name, text in row.items() if text} for row in rows]


def _break_act(context: YearContext, rows: list[Row]) -> list[Row]:
    """Return an act, seldom with a breach in a line of it, which stays a line of that act."""
    if not rows or context.random.random() > _BREACH_RATE:
        return rows
    place = context.random.randrange(len(rows))
    broken = breaches.break_rule(context, rows[place])
    is_line = all(broken.get(name) == rows[place].get(name) for name in ("reference", "kind", "exercise"))
    if len(rows) > 1 and not is_line:
        return rows
    return [*rows[:place], broken, *rows[place + 1 :]]


def write_reversal(context: YearContext) -> list[Row]:
    """Reverse an accrual, mostly the whole of it on 2 January; seldom a provision, a part, or on another day."""
    is_any = context.random.random() < 0.2
    kinds = INVENTORY if context.random.random() < 0.1 else ACCRUALS
    entries = [act for act in context.model.state.documents if act.kind in kinds and (is_any or act.left)]
    if not entries:
        return []
    entry = context.random.choice(entries)
    day = date(entry.exercise + 1, 1, 2)
    if context.random.random() < 0.1:
        day = context.random.choice((date(2019, 1, 3), date(2018, 12, 31), date(2019, 1, 2)))
    amount = (
        write_euros(max(entry.left, 1)) if context.random.random() < 0.8 else context.draw_part(entry.left)
    )
    row = context.begin_row("RV", ACCRUAL_REVERSAL, amount=amount, predecessor=f"@{entry.number}")
    return [row | {"exercise": str(day.year), "date": day.isoformat()}]


def write_result(context: YearContext) -> list[Row]:
    """Bring a charge or a product of an accountant to the result; seldom unbalanced, or on another account."""
    centre, amount = context.random.choice(_CENTRES), write_euros(context.draw_amount())
    year = _YEAR if context.random.random() < 0.8 else _YEAR + 1
    account = context.random.choice(("6113110000", "6188000000", "7280000000"))
    ends = [(account, centre), (_RESULT if centre == "0117" else _TRANSFER, centre)]
    if centre != "0117" and context.random.random() < 0.7:
        ends += [(_TRANSFER, "0117"), (_RESULT, "0117")]
    rows = _write_sides(context, "result", ends, amount=amount)
    day = date(year, 12, 31) if context.random.random() < 0.93 else date(year, 10, 5)
    if context.random.random() < 0.04:
        day = date(year + 1, 1, 10)
    return [row | {"exercise": str(year), "date": day.isoformat()} for row in rows]


def write_allocation(context: YearContext) -> list[Row]:
    """Bring an amount from the result to the account of the settlement act; seldom on another one, or in its own year."""
    ends = [(_RESULT, "0117"), (_SETTLED, "0117" if context.random.random() < 0.9 else "0177")]
    rows = _write_sides(context, "result_allocation", ends, amount=write_euros(context.draw_amount()))
    if context.random.random() < 0.08:
        rows = [row | {"exercise": "2018", "date": "2018-12-31"} for row in rows]
    return rows


def _write_sides(context: YearContext, kind: str, ends: list[tuple[str, str]], *, amount: str) -> list[Row]:
    """Return lines that credit and debit in turn, or the other way round; seldom one of another amount or account."""
    sides = ("credit", "debit") if context.random.random() < 0.6 else ("debit", "credit")
    rows = [
        context.begin_row(
            "RS", f"{kind}_{sides[place % 2]}", account=account, fund_centre=centre, amount=amount
        )
        for place, (account, centre) in enumerate(ends)
    ]
    rows = [row | {"reference": rows[0]["reference"], "date": rows[0]["date"]} for row in rows]
    rows = [row | {"exercise": row["date"][:4], "line": str(number)} for number, row in enumerate(rows, 1)]
    if context.random.random() < 0.06:
        rows[-1] |= {"amount": write_euros(context.draw_amount())}
    if context.random.random() < 0.06:
        context.random.choice(rows).update(account=context.random.choice(_WRONG_ACCOUNTS))
    return rows[:1] if context.random.random() < 0.03 else rows


def write_carry_over(context: YearContext) -> list[Row]:
    """Carry credits into the next year: to the programme, or to the operation that they are set apart for."""
    budget = context.random.choice(("ae", "cp"))
    key = _choose_node(context, budget, is_any=context.random.random() < 0.1)
    if key is None:
        return []
    operation = _get_operation(context, key)
    cents = _find_free(context, key, budget)
    if budget == "cp" and context.random.random() < 0.6:
        cents = min(cents, _find_ceiling(context, key))
    before = _place(context, key) | {"budget_year": str(key.year), "amount": context.draw_part(max(cents, 1))}
    after = before | {"budget_year": str(key.year + 1)} | _move(context, key, operation)
    if context.random.random() < 0.12:
        after |= _draw_mismatch(context, after)
    first = context.begin_row("RC", f"carryover_out_{budget}", **before)
    second = first | {"kind": f"carryover_in_{budget}"} | after
    rows = [first | {"line": "1"}, second | {"line": "2"}]
    if context.random.random() < 0.05:
        rows = [context.random.choice((first, second))]
    return rows


def _move(context: YearContext, key: NodeKey, operation: str) -> Row:
    """Return the place of the next year: the programme that goes on, or its operation and unit."""
    centres = context.model.state.reference.years[key.year].centres
    programme = centres[key.centre].programme
    new = context.random.choice(context.list_followers(programme, key.year + 1))
    if not operation:
        return {"fund_centre": new}
    names = {"fund_centre": centres[key.centre].parent, "operation": operation}
    return {name: code.replace(programme, new) for name, code in names.items()}


def _draw_mismatch(context: YearContext, row: Row) -> Row:
    """Return what makes the second line another sum, year, place or title than the first one."""
    return context.random.choice(
        (
            {"amount": write_euros(context.draw_amount())},
            {"budget_year": str(_YEAR)},
            {"fund_centre": context.random.choice(("0177", "0217", "0203", "0135", "0217-SGAC"))},
            {"commitment_item": "T2" if row["commitment_item"] == "HT2" else "HT2"},
            {"fund": "1-1-00733", "fund_centre": "0217"},
            {"operation": ""},
        )
    )


def write_cancellation(context: YearContext) -> list[Row]:
    """Annul what a place has left, or a part of it."""
    budget = context.random.choice(("ae", "cp"))
    key = _choose_node(context, budget, is_any=context.random.random() < 0.1)
    return _write_taking(context, f"unused_cancellation_{budget}", key, budget)


def write_earmark_release(context: YearContext) -> list[Row]:
    """Release what an operation has left to its unit."""
    keys = [key for key in _list_nodes(context) if _get_operation(context, key)]
    key = context.random.choice(keys) if keys else None
    return _write_taking(context, UNUSED_EARMARK, key, "ae")


def _write_taking(context: YearContext, kind: str, key: NodeKey | None, budget: str) -> list[Row]:
    if key is None:
        return []
    amount = context.draw_part(max(_find_free(context, key, budget), 1))
    return [context.begin_row("AN", kind, amount=amount, budget_year=str(key.year), **_place(context, key))]


def write_unfreeze(context: YearContext) -> list[Row]:
    """Unfreeze what is frozen of a year that is over, so that it may be carried or annulled."""
    budget, nodes = context.random.choice(("ae", "cp")), context.model.state.budget.nodes
    keys = [key for key in _list_nodes(context) if nodes[key].sums(budget).frozen_here]
    if not keys:
        return []
    key = context.random.choice(keys)
    amount = context.draw_part(nodes[key].sums(budget).frozen_here)
    columns = {"amount": amount, "budget_year": str(key.year), **_place(context, key)}
    return [context.begin_row("DG", f"unused_unfreeze_{budget}", **columns)]


def _list_nodes(context: YearContext) -> list[NodeKey]:
    """Return the places of the year that is over, seldom those of the next one."""
    year = _YEAR if context.random.random() < 0.96 else _YEAR + 1
    return [key for key in context.model.state.budget.nodes if key.year == year]


def _choose_node(context: YearContext, budget: str, *, is_any: bool) -> NodeKey | None:
    keys = [key for key in _list_nodes(context) if is_any or _find_free(context, key, budget) > 0]
    return context.random.choice(keys) if keys else None


def _find_free(context: YearContext, key: NodeKey, budget: str) -> int:
    """Return what a place has left to carry or annul."""
    budget_nodes = context.model.state.budget
    node = budget_nodes.nodes[key].sums(budget)
    if _get_operation(context, key):
        return node.available
    levels = [budget_nodes.nodes[above].sums(budget).available for above in budget_nodes.list_path(key)]
    return min(node.undistributed, *levels)


def _find_ceiling(context: YearContext, key: NodeKey) -> int:
    """Return what may still be carried of CP of a programme by its initial credits."""
    state = context.model.state
    programme = state.reference.years[key.year].centres[key.centre].programme
    figures = (DecreeKey(key.year, programme, key.staff, "cp", figure) for figure in ("law", "carried"))
    law, carried = (state.budget.decreed[figure] for figure in figures)
    return max(law * 30 // 1000 - carried, 1)


def _get_operation(context: YearContext, key: NodeKey) -> str:
    is_operation = context.model.state.reference.years[key.year].centres[key.centre].level == "operation"
    return key.centre if is_operation else ""


def _place(context: YearContext, key: NodeKey) -> Row:
    """Return the columns of a place: an operation stands beside its unit."""
    files = context.model.state.reference.years[key.year]
    operation, centre = _get_operation(context, key), files.centres[key.centre]
    fund = _find_fund(context, key) if key.family != FAMILIES[0] else ""
    item = "T2" if key.staff else "HT2"
    if context.random.random() < 0.02:
        item = context.random.choice(("T3", "31", "T2"))
    return {
        "fund_centre": centre.parent if operation else centre.code,
        "commitment_item": item,
        "fund": fund,
        "operation": operation,
    }


def _find_fund(context: YearContext, key: NodeKey) -> str:
    funds = context.model.state.reference.years[key.year].funds
    return next((code for code, (family, _) in funds.items() if family == key.family), ORDINARY)


_WRITERS: tuple[tuple[Writer, int], ...] = (
    (write_carry_over, 10),
    (write_cancellation, 5),
    (write_earmark_release, 3),
    (write_unfreeze, 4),
    (write_reversal, 2),
    (write_result, 3),
    (write_allocation, 2),
)
