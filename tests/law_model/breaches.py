"""Breaches of one rule each, made on a right act."""

from collections.abc import Callable
from datetime import date, timedelta

from tests.law_model.form import is_amount, read_cents, write_euros
from tests.law_model.state import Row
from tests.law_model.year_context import YearContext

Breach = Callable[[YearContext, Row], Row | None]


def break_rule(context: YearContext, row: Row) -> Row:
    """Return the act with a breach that its columns allow."""
    for _ in range(8):
        broken = context.random.choice(_BREACHES)(context, dict(row))
        if broken:
            return broken
    return row


def _replace(name: str, *texts: str) -> Breach:
    def replace(context: YearContext, row: Row) -> Row | None:
        return row | {name: context.random.choice(texts)} if row.get(name) else None

    return replace


def _drop_column(context: YearContext, row: Row) -> Row | None:
    names = [name for name in row if name not in _LEFT_ALONE]
    dropped = context.random.choice(names)
    return {name: text for name, text in row.items() if name != dropped}


_LEFT_ALONE = frozenset({"reference", "kind", "exercise", "fund", "operation", "date", "reason"})


def _raise_amount(context: YearContext, row: Row) -> Row | None:
    if not is_amount(row.get("amount", "")):  # an act repeats one that was broken before
        return None
    factor = context.random.choice((3, 50, 1_000))
    return row | {"amount": write_euros(read_cents(row["amount"]) * factor)}


def _set_date_back(context: YearContext, row: Row) -> Row | None:
    day = date.fromisoformat(row["date"]) - timedelta(days=context.random.randint(5, 60))
    return row | {"date": day.isoformat(), "exercise": str(day.year)} if day.year >= 2018 else None


def _set_date_elsewhere(context: YearContext, row: Row) -> Row | None:
    return row | {"date": context.random.choice(("2018-02-10", "2017-12-29", "2019-04-02", "2019-01-15"))}


def _set_date_in_window(context: YearContext, row: Row) -> Row | None:
    if context.day.year == 2018:
        return None
    return row | {
        "exercise": "2018",
        "date": context.random.choice(("2019-01-10", "2019-01-20", "2019-01-21")),
    }


def post_later(context: YearContext, row: Row) -> Row:
    """Post an act some days after its own, at times in the exercise after it, seldom before it."""
    day = date.fromisoformat(row["date"])
    posting_day = day + timedelta(days=context.random.choice((-2, 0, 1, 3, 8, 20)))
    return row | {"posting_date": posting_day.isoformat(), "exercise": str(max(posting_day.year, 2018))}


def _repeat(context: YearContext, row: Row) -> Row | None:
    """Send an accepted act of one line again."""
    document = context.choose(lambda act: act.sender == context.sender)
    if document is None:
        return None
    (rows,) = [context.model.state.contents[document.sender, document.exercise, document.reference]]
    return dict(rows[0]) if len(rows) == 1 else None


def _conflict(context: YearContext, row: Row) -> Row | None:
    repeated = _repeat(context, row)
    return _raise_amount(context, repeated) if repeated else None


def _name_no_predecessor(context: YearContext, row: Row) -> Row | None:
    if not row.get("predecessor"):
        return None
    row.pop("predecessor_sender", None)
    return row | {"predecessor": "@99999999" if row["predecessor"].startswith("@") else "EJ-NONE"}


def _name_another_stage(context: YearContext, row: Row) -> Row | None:
    if not row.get("predecessor", "").startswith("@"):
        return None
    document = context.choose(lambda act: act.key is not None and act.predecessor is not None)
    return row | {"predecessor": f"@{document.number}"} if document else None


def _change_assignment(context: YearContext, row: Row) -> Row | None:
    if not row.get("predecessor") or row["kind"].startswith("term"):
        return None
    assignment = {"fund_centre": "0177-D013-DR13", "functional_area": "0177-12-08", "commitment_item": "31"}
    return row | assignment


_BREACHES: tuple[Breach, ...] = (
    _drop_column,
    _raise_amount,
    _raise_amount,
    _set_date_back,
    _set_date_back,
    _set_date_elsewhere,
    _set_date_in_window,
    _repeat,
    _conflict,
    _name_no_predecessor,
    _name_another_stage,
    _change_assignment,
    _replace("amount", "0", "-5.00", "1.234", "douze", "1000000000001.00"),
    _replace("fund_centre", "0177-XXXX", "0217-SGAC", "0217", "0177-D013-DD13", "0117-CENT-C001"),
    _replace("functional_area", "0217-99", "0177-12", "0217-07"),
    _replace("commitment_item", "99", "31", "T2", "HT2", "21"),
    _replace("origin", "decree", "Finance_law"),
    _replace("iban", "FR7630001007941234567890186", "FR7630001007941234567890185"),
    _replace("iban", "FR7630001007941234567890186", "FR1420041010050500013M02606"),
    _replace("payee", "9999999999"),
    _replace("kind", "commitement"),
    _replace("exercise", "2035", "MMXVIII"),
    _replace("date", "2018-13-01"),
)
