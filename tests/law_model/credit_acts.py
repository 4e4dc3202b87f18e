"""Random acts on credits: third parties, openings, cancellations, allotments, returns, freezes, moves, earmarks."""

from collections.abc import Iterator

from tests.law_model.form import write_euros
from tests.law_model.kinds import RECEIPTS
from tests.law_model.state import Row
from tests.law_model.year_context import PAYEES, PLACES, YearContext

_EVIDENCE = {
    "evidence_hash": "5e" * 32,
    "call_back": "Mme Durand, 01 02 03 04 05",
    "entered_by": "chloe",
    "validated_by": "david",
}
"""What a change of an account states; both persons are accountants in the directory of the engine."""
IBANS = ("FR7630001007941234567890185", "FR1420041010050500013M02606")
_Tree = tuple[str, str, str, tuple[tuple[str, int, tuple[str, ...]], ...]]
_TREE: tuple[_Tree, ...] = (
    (
        "0177",
        "HT2",
        "",
        (("0177-D013", 60, ("0177-D013-DD13", "0177-D013-DR13")), ("0177-D075", 30, ("0177-D075-DD75",))),
    ),
    ("0217", "HT2", "", (("0217-SGAC", 85, ("0217-SGAC-ASPR", "0217-SGAC-IMMO")),)),
    ("0217", "HT2", "1-1-00733", (("0217-SGAC", 90, ("0217-SGAC-ASPR",)),)),
    ("0217", "T2", "", (("0217-SGAC", 90, ("0217-SGAC-ASPR",)),)),
    ("0117", "HT2", "", (("0117-CENT", 80, ("0117-CENT-C001",)),)),
    ("0751", "HT2", "", (("0751-CENT", 90, ("0751-CENT-C001",)),)),
)


_TITLES = {"0177": (("T3", 40), ("T6", 30), ("T5", 10)), "0217": (("T3", 40), ("T5", 40)), "0117": ()}
"""The share of each title in the openings of a programme, in hundredths; the rest states no title."""
ORIGINS = (
    *("finance_law", "amending_law", "decree_of_advance", "transfer", "carry_over", "contribution_fund"),
    *("finance_law", "amending_law", "", ""),
)
_FIRST_ORIGINS = tuple(
    origin for origin in ORIGINS if origin not in ("decree_of_advance", "contribution_fund")
)
"""Those of what begins a year: decrees of advance open at most a hundredth of it."""
_FUND_ORIGINS = ("carry_over", "transfer")
"""Those of what begins a year on a fund: the rest rests on receipts."""


def write_openings(context: YearContext, year: int) -> Iterator[tuple[str, list[Row]]]:
    """Yield the files that begin a year: third parties, then credits of every programme, given down to the UOs."""
    context.sender = "DRFIP"
    if year == 2018:
        yield "DRFIP", [_write_payee(context, code) for code in PAYEES]
    context.sender, rows = "DB", []
    for programme, item, fund, bops in _list_trees(context, year):
        for budget in ("ae", "cp"):
            most = 12_000_000 if budget == "ae" else 4_000_000
            total = context.random.randint(most // 5, most)
            columns = {"commitment_item": item, "fund": fund}
            rows += _split_opening(context, f"budget_opening_{budget}", programme, total, columns)
            for bop, share, units in bops:
                part = total * share // 100
                rows.append(_write_credits(context, f"allotment_{budget}", bop, part, columns))
                for unit in units:
                    amount = part * 9 // 10 // len(units)
                    rows.append(_write_credits(context, f"allotment_{budget}", unit, amount, columns))
    yield "DB", [{name: text for name, text in row.items() if text} for row in rows]


def _list_trees(context: YearContext, year: int) -> Iterator[_Tree]:
    """Yield each programme of the year with what is below it: in place of a suppressed one all that follow it."""
    for programme, item, fund, bops in _TREE:
        for new in context.list_followers(programme, year):
            moved = tuple(
                (bop.replace(programme, new), share, tuple(unit.replace(programme, new) for unit in units))
                for bop, share, units in bops
            )
            yield new, item, fund, moved


def _split_opening(context: YearContext, kind: str, programme: str, total: int, columns: Row) -> list[Row]:
    """Return the openings of a programme: of title 2 or a fund one, of the others one for each title and one for the rest."""
    is_split = columns["commitment_item"] == "HT2" and not columns["fund"]
    parts = (
        [(item, total * share // 100) for item, share in _TITLES.get(programme, _TITLES["0177"])]
        if is_split
        else []
    )
    rest = total - sum(amount for _, amount in parts)
    return [
        _write_credits(
            context, kind, programme, amount, columns | {"commitment_item": item, "origin": origin}
        )
        for item, amount in [*parts, (columns["commitment_item"], rest)]
        for origin in [context.random.choice(_FUND_ORIGINS if columns["fund"] else _FIRST_ORIGINS)]
    ]


def _write_payee(context: YearContext, code: str) -> Row:
    iban = context.random.choice(IBANS)
    return context.begin_row("TI", "third_party", payee=code, payee_name=f"Fournisseur {code}", iban=iban)


def _write_credits(context: YearContext, kind: str, centre: str, amount: int, columns: Row) -> Row:
    return context.begin_row("BU", kind, fund_centre=centre, amount=write_euros(amount), **columns)


def write_opening(context: YearContext) -> Row:
    """Write a small opening, also of a title, of any origin."""
    programme, item, fund, _ = context.random.choice(_TREE)
    if item == "HT2":
        item = context.random.choice(("HT2", "T3", "T5", "T6"))
    kind = f"budget_opening_{context.random.choice(('ae', 'cp'))}"
    columns = {"commitment_item": item, "fund": fund, "origin": context.random.choice(ORIGINS)}
    return _write_credits(context, kind, programme, context.draw_amount(), columns)


def write_fund_opening(context: YearContext) -> Row | None:
    """Open credits of a fund by what was collected for it; seldom by a receipt of none, which opens nothing."""
    is_any = context.random.random() < 0.2
    receipt = context.choose(lambda act: act.kind in RECEIPTS and act.left > 0 and (is_any or bool(act.fund)))
    if receipt is None or receipt.key is None:
        return None
    item = context.random.choice(("HT2", "HT2", "T2", "T3"))
    fund = receipt.fund if context.random.random() < 0.9 else "1-1-00733"
    columns = {"fund_centre": receipt.key.centre[:4], "commitment_item": item, "fund": fund}
    columns |= {"predecessor": f"@{receipt.number}", "amount": context.draw_part(receipt.left)}
    return context.begin_row("FC", "fund_opening", **columns)


def write_cancellation(context: YearContext) -> Row:
    """Cancel credits of a programme, also of a title; now and then at a BOP, which no law does."""
    programme, item, fund, bops = context.random.choice(_TREE)
    if item == "HT2":
        item = context.random.choice(("HT2", "HT2", "T3", "T5"))
    kind = f"cancellation_{context.random.choice(('ae', 'cp'))}"
    centre = context.random.choice((*[programme] * 9, bops[0][0]))
    amount = context.draw_amount() * context.random.choice((1, 1, 10))
    return _write_credits(context, kind, centre, amount, {"commitment_item": item, "fund": fund})


def write_return(context: YearContext) -> Row:
    """Give credits of a BOP or UO back; now and then those of a programme, which has no level above it."""
    programme, item, fund, bops = context.random.choice(_TREE)
    bop, _, units = context.random.choice(bops)
    kind = f"credit_return_{context.random.choice(('ae', 'cp'))}"
    centre = (
        context.random.choice((bop, bop, *units, *units, *units))
        if context.random.random() < 0.95
        else programme
    )
    amount = context.draw_amount() * context.random.choice((1, 1, 10))
    return _write_credits(context, kind, centre, amount, {"commitment_item": item, "fund": fund})


def write_freeze(context: YearContext) -> Row | None:
    """Freeze or unfreeze credits of a programme, BOP or UO."""
    programme, item, fund, bops = context.random.choice(_TREE)
    bop, _, units = context.random.choice(bops)
    budget = context.random.choice(("ae", "cp"))
    if context.random.random() < 0.4:
        return _write_unfreeze(context, budget)
    kind = f"{context.random.choice(('freeze', 'freeze', 'freeze', 'unfreeze'))}_{budget}"
    centre = context.random.choice((programme, bop, *units))
    amount = context.draw_amount() * context.random.choice((1, 1, 10))
    return _write_credits(context, kind, centre, amount, {"commitment_item": item, "fund": fund})


def _write_unfreeze(context: YearContext, budget: str) -> Row | None:
    """Unfreeze what is frozen somewhere, or a part of it."""
    nodes = context.model.state.budget.nodes
    frozen = [
        key for key, node in nodes.items() if node.sums(budget).frozen_here and key.year == context.day.year
    ]
    if not frozen:
        return None
    key = context.random.choice(frozen)
    columns = {"fund_centre": key.centre, "commitment_item": "T2" if key.staff else "HT2"}
    columns |= {"amount": context.draw_part(nodes[key].sums(budget).frozen_here)}
    return context.begin_row("BU", f"unfreeze_{budget}", **columns)


def write_allotment(context: YearContext) -> Row:
    """Write an allotment to a BOP or a UO, which may be more than what is left to give."""
    _, item, fund, bops = context.random.choice(_TREE)
    bop, _, units = context.random.choice(bops)
    kind = f"allotment_{context.random.choice(('ae', 'cp'))}"
    amount = context.draw_amount() * context.random.choice((1, 1, 10))
    centre = context.random.choice((bop, *units))
    return _write_credits(context, kind, centre, amount, {"commitment_item": item, "fund": fund})


_MOVES = (
    ("0177-D013-DD13", "0177-D013-DR13", "HT2"),
    ("0177-D013-DR13", "0177-D013-DD13", "HT2"),
    ("0177-D075-DD75", "0177-D013-DD13", "HT2"),
    ("0177-D075", "0177-D013", "HT2"),
    ("0217-SGAC-IMMO", "0217-SGAC-ASPR", "HT2"),
    ("0217-SGAC-ASPR", "0217-SGAC-ASPR/T2", "HT2"),
    ("0217", "0217/T2", "HT2"),
    ("0217-SGAC-ASPR", "0217-SGAC-ASPR/HT2", "T2"),
    ("0217", "0177", "HT2"),
    ("0177-D013", "0177-D013-DD13", "HT2"),
    ("0177-D013", "0177-D013", "HT2"),
)


def write_move(context: YearContext) -> Row:
    """Write a move of credits; some are forbidden."""
    target, source, item = context.random.choice(_MOVES)
    kind = f"budget_move_{context.random.choice(('ae', 'cp'))}"
    columns = {"commitment_item": item, "counterpart": source}
    return _write_credits(context, kind, target, context.draw_amount(), columns)


_DECREES = (
    ("virement", "0177", "0217"),
    ("virement", "0217", "0177"),
    ("virement", "0177", "0217/T2"),
    ("decree_transfer", "0177", "0117"),
    ("decree_transfer", "0117", "0217"),
    ("decree_transfer", "0177", "0217"),
    ("virement", "0117", "0217"),
    ("virement", "0177", "0177-D013"),
    ("decree_cancellation", "0177", ""),
    ("decree_cancellation", "0217", ""),
)


def write_decree(context: YearContext) -> Row:
    """Move or cancel credits by decree; some moves join the wrong programmes."""
    action, target, source = context.random.choice(_DECREES)
    kind = f"{action}_{context.random.choice(('ae', 'cp'))}"
    columns = {
        "commitment_item": context.random.choice(("HT2", "HT2", "HT2", "T2")),
        "document_hash": "5e" * 32,
    }
    amount = context.draw_amount() // context.random.choice((1, 10, 100)) + 1
    return _write_credits(
        context, kind, target, amount, columns | ({"counterpart": source} if source else {})
    )


def write_earmark(context: YearContext) -> Row:
    """Set AE apart for an operation."""
    place = context.random.choice([place for place in PLACES if place.operation])
    columns = {"commitment_item": "HT2", "operation": place.operation}
    return _write_credits(context, "earmark", place.unit, context.draw_amount(1_000_000) * 3, columns)


def write_earmark_decrease(context: YearContext) -> Row:
    """Give AE of an operation back to its unit."""
    place = context.random.choice([place for place in PLACES if place.operation])
    columns = {"commitment_item": "HT2", "operation": place.operation}
    return _write_credits(context, "earmark_decrease", place.unit, context.draw_amount(1_000_000), columns)


def write_bank_details(context: YearContext) -> Row:
    """Change the account of a third party."""
    code, iban = context.random.choice(PAYEES), context.random.choice(IBANS)
    details = {"payee": code, "payee_name": f"Fournisseur {code}", "iban": iban}
    return context.begin_row("CB", "bank_details", **details, **_EVIDENCE)


WRITERS = (
    (2, write_opening),
    (5, write_fund_opening),
    (3, write_allotment),
    (4, write_move),
    (3, write_earmark),
    (2, write_earmark_decrease),
    (2, write_return),
    (1, write_cancellation),
    (4, write_freeze),
    (1, write_bank_details),
    (4, write_decree),
)
