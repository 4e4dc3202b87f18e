"""The opening balances of the next year, computed from balances: worked by hand, and against a plain ledger of openings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closing.opening_acts import build_opening_table
from closing.opening_balances import (
    AccountBalance,
    NextYear,
    Opening,
    build_openings,
    list_acts,
    sum_missing_openings,
    sum_openings,
)
from closing.opening_items import OpeningLine, SuspenseItem, group_items
from closing.opening_items import list_lines as list_item_lines
from closing.step_sums import BlockedSum, DifferenceSum
from core.act_fields import ACT_LINES_MAX
from core.money import AMOUNT_MAX

TECHNICAL = "8900009999"
CASH, SUPPLIERS, CHARGES = "5121100000", "4011100000", "6188000000"
NEXT_YEAR = NextYear(
    2019, frozenset({CASH, SUPPLIERS, CHARGES, TECHNICAL}), TECHNICAL, {"PACA": "0177", "COHE": "0109"}
)


def build(*balances: tuple[str, str, int, int]) -> Opening:
    rows = [AccountBalance(*balance)._asdict() for balance in balances]
    return build_openings(rows, NEXT_YEAR, technical_account=TECHNICAL)


def list_lines(*balances: tuple[str, str, int, int]) -> list[tuple[str, list[OpeningLine]]]:
    return [(act.accountant, list(act.lines)) for act in list_acts(build(*balances))]


def test_each_account_is_opened_and_the_result_stands_on_the_technical_account() -> None:
    """309 are charged, 9 paid and 300 owed: what is owed and paid is credited, and 309 stand against it."""
    acts = list_lines(("PACA", CHARGES, 309, 0), ("PACA", SUPPLIERS, -300, 0), ("PACA", CASH, -9, 0))
    lines = [OpeningLine(SUPPLIERS, -300), OpeningLine(CASH, -9), OpeningLine(TECHNICAL, 309)]
    assert acts == [("PACA", lines)]
    assert [line.kind for line in lines] == ["opening_credit", "opening_credit", "opening_debit"]


def test_balances_of_the_balance_sheet_alone_leave_nothing_on_the_technical_account() -> None:
    balances = (("PACA", SUPPLIERS, -300, 0), ("PACA", CASH, 300, 0))
    assert list_lines(*balances) == [("PACA", [OpeningLine(SUPPLIERS, -300), OpeningLine(CASH, 300)])]
    assert sum_openings(build(*balances)).differences == []


def test_only_what_changed_since_is_opened() -> None:
    """What was opened and is settled in the year before since is taken back; what is equal needs no line."""
    acts = list_lines(("PACA", SUPPLIERS, -50, -300), ("PACA", CASH, -9, -9), ("PACA", TECHNICAL, 0, 309))
    assert acts == [("PACA", [OpeningLine(SUPPLIERS, 250), OpeningLine(TECHNICAL, -250)])]


def test_each_accountant_has_an_act_of_his_own() -> None:
    acts = list_lines(("PACA", CASH, 5, 0), ("COHE", CASH, -5, 0))
    assert [accountant for accountant, _ in acts] == ["COHE", "PACA"]
    assert all(sum(line.cents for line in lines) == 0 for _, lines in acts)


def test_the_difference_is_named_beside_the_result() -> None:
    sums = sum_openings(build(("PACA", CHARGES, 309, 0), ("PACA", SUPPLIERS, -309, -9)))
    assert sums.differences == [DifferenceSum("PACA", TECHNICAL, 309, 309)]
    assert [(row.kind, row.accountant, row.lines, row.cents) for row in sums.carried] == [
        ("opening_credit", "PACA", 1, 300),
        ("opening_debit", "PACA", 1, 300),
    ]
    assert sums.done == 1


def test_in_the_second_year_both_results_stand_on_the_technical_account() -> None:
    """The year was opened with 309 that are owed, against 309 on its technical account; it charges 50, and owes 359."""
    sums = sum_openings(
        build(("PACA", TECHNICAL, 309, 0), ("PACA", CHARGES, 50, 0), ("PACA", SUPPLIERS, -359, 0))
    )
    assert sums.differences == [DifferenceSum("PACA", TECHNICAL, 359, 50, 309)]
    assert sums.differences[0].unexplained_cents == 0


def test_what_cannot_be_opened_is_not_explained_by_the_results() -> None:
    sums = sum_openings(
        build(("PACA", CHARGES, 50, 0), ("PACA", "4721000000", -7, 0), ("PACA", SUPPLIERS, -43, 0))
    )
    assert sums.differences == [DifferenceSum("PACA", TECHNICAL, 43, 50)]
    assert sums.differences[0].unexplained_cents == -7


def test_what_is_not_opened_of_the_year_before_is_an_obstacle() -> None:
    obstacle = "2017 is not opened wholly in 2018: execute C14 of 2017 first"
    assert sum_missing_openings(build(("PACA", SUPPLIERS, -300, -100), ("BRET", CASH, 7, 0)), 2017) == [
        BlockedSum("opening_credit", obstacle, 1, 200),
        BlockedSum("opening_debit", obstacle, 1, 200),
    ]
    assert sum_missing_openings(build(("PACA", SUPPLIERS, -300, -300), ("BRET", CASH, 7, 0)), 2017) == []


@pytest.mark.parametrize(
    ("balance", "obstacle"),
    [
        (("PACA", "4721000000", -7, 0), "account 4721000000 does not exist in 2019"),
        (("BRET", CASH, -7, 0), "accountant BRET has no fund centre in 2019"),
        (("", CASH, -7, 0), "what no accountant has has no fund centre in 2019"),
        (("PACA", CASH, -AMOUNT_MAX - 1, 0), "account 5121100000 has more than one line may state"),
    ],
)
def test_what_cannot_be_opened_is_named_and_the_rest_goes_on(
    balance: tuple[str, str, int, int], obstacle: str
) -> None:
    other = ("PACA", SUPPLIERS, -1, 0)
    assert sum_openings(build(balance, other)).blocked == [
        BlockedSum("opening_credit", obstacle, 1, -balance[2])
    ]
    assert list_lines(balance, other) == [("PACA", [OpeningLine(SUPPLIERS, -1), OpeningLine(TECHNICAL, 1)])]


def test_an_act_has_no_more_lines_than_an_act_may_have() -> None:
    """A thousand accounts of the largest amount need as many lines, and half as many again on the technical account."""
    accounts = [f"4{number:09}" for number in range(1000)]
    next_year = NEXT_YEAR._replace(accounts=frozenset(accounts))
    rows = [AccountBalance("PACA", account, AMOUNT_MAX, 0)._asdict() for account in accounts]
    acts = list(list_acts(build_openings(rows, next_year, technical_account=TECHNICAL)))
    assert [act.part for act in acts] == [1, 2]
    assert all(len(act.lines) <= ACT_LINES_MAX for act in acts)
    assert all(sum(line.cents for line in act.lines) == 0 for act in acts)
    assert max(abs(line.cents) for act in acts for line in act.lines) == AMOUNT_MAX


def test_the_file_names_the_last_entry_that_was_read() -> None:
    acts = list(list_acts(build(("PACA", SUPPLIERS, -300, 0))))
    table = build_opening_table(acts, 2018, last_entry=41, cause="P7")
    assert table.schema.metadata[b"crescendo.batch_id"] == b"2018-C14-P7"
    assert table.schema.metadata[b"crescendo.control_sum"] == b"6.00"
    rows = [
        (row["reference"], row["line"], row["kind"], row["account"], row["amount_cents"])
        for row in table.to_pylist()
    ]
    assert rows == [
        ("2018.PACA.41", 1, "opening_credit", SUPPLIERS, 300),
        ("2018.PACA.41", 2, "opening_debit", TECHNICAL, 300),
    ]
    assert {(row["date"].isoformat(), row["fund_centre"]) for row in table.to_pylist()} == {
        ("2019-01-01", "0177")
    }


_amounts = st.integers(-1000, 1000)
_places = st.tuples(
    st.sampled_from(("PACA", "COHE", "BRET")), st.sampled_from((CASH, SUPPLIERS, CHARGES, "4721000000"))
)


@given(st.lists(st.dictionaries(_places, _amounts, min_size=1), min_size=1, max_size=4))
def test_after_each_execution_what_is_opened_is_the_balance(
    executions: list[dict[tuple[str, str], int]],
) -> None:
    """A plain ledger takes up the lines of execution after execution, while the year before moves between them."""
    closing: dict[tuple[str, str], int] = {}
    opened: dict[tuple[str, str], int] = {}
    for moves in executions:
        for place, cents in moves.items():
            closing[place] = closing.get(place, 0) + cents
        _execute(closing, opened)
        for (accountant, account), cents in closing.items():
            may_be_opened = accountant != "BRET" and account in (CASH, SUPPLIERS)
            assert opened.get((accountant, account), 0) == (cents if may_be_opened else 0)
        for owner in ("PACA", "COHE"):
            assert sum(cents for (accountant, _), cents in opened.items() if accountant == owner) == 0
    assert list(list_acts(_build_from(closing, opened))) == []


def _build_from(closing: dict[tuple[str, str], int], opened: dict[tuple[str, str], int]) -> Opening:
    places = sorted(closing.keys() | opened.keys())
    return build(*((*place, closing.get(place, 0), opened.get(place, 0)) for place in places))


def _execute(closing: dict[tuple[str, str], int], opened: dict[tuple[str, str], int]) -> None:
    for act in list_acts(_build_from(closing, opened)):
        for line in act.lines:
            place = act.accountant, line.account
            opened[place] = opened.get(place, 0) + line.cents


ITEM = SuspenseItem("PACA", SUPPLIERS, 7, -100, 0)


def test_an_item_is_opened_once_and_lowered_by_what_is_cleared_of_it() -> None:
    assert list(list_item_lines(ITEM)) == [OpeningLine(SUPPLIERS, -100, 7)]
    assert list(list_item_lines(ITEM._replace(opened=-100, opening=9, left=-100))) == []
    lowered = ITEM._replace(closing=-60, opened=-100, opening=9, left=-100)
    assert list(list_item_lines(lowered)) == [OpeningLine(SUPPLIERS, 40, 9, is_reduction=True)]
    rest = [OpeningLine(SUPPLIERS, 10, 9, is_reduction=True), OpeningLine(SUPPLIERS, 30, 7)]
    assert list(list_item_lines(lowered._replace(left=-10))) == rest
    assert list(list_item_lines(lowered._replace(left=0))) == [OpeningLine(SUPPLIERS, 40, 7)]
    assert [line.kind for line in rest] == ["opening_reduction_debit", "opening_item_debit"]


@pytest.mark.parametrize(
    ("closing", "opened", "is_by_item"), [(-100, 0, True), (-90, 0, False), (-100, -100, False)]
)
def test_an_account_is_opened_by_items_where_they_are_its_balance(
    closing: int, opened: int, *, is_by_item: bool
) -> None:
    """And what was opened of them is all that was opened: an account that was opened as a whole goes on so."""
    items = group_items([ITEM._asdict()])
    rows = [AccountBalance("PACA", SUPPLIERS, closing, opened)._asdict()]
    acts = list(list_acts(build_openings(rows, NEXT_YEAR, technical_account=TECHNICAL, items=items)))
    assert [line.entry for act in acts for line in act.lines] == (
        [7, 0] if is_by_item else [0, 0] if closing - opened else []
    )


@given(
    st.integers(1, 1000).flatmap(
        lambda cents: st.tuples(st.just(cents), st.lists(st.tuples(*[st.integers(0, cents)] * 2), max_size=5))
    ),
    st.sampled_from((1, -1)),
)
def test_after_each_execution_what_is_opened_of_an_item_is_what_is_open_of_it(
    case: tuple[int, list[tuple[int, int]]], sign: int
) -> None:
    """Both years clear the item between two executions; no reduction takes more than the next year has left."""
    closing, opened, rest = case[0], 0, 0
    for before, after in [(0, 0), *case[1]]:
        closing, rest = closing - min(before, closing), rest - min(after, rest)
        item = ITEM._replace(
            closing=sign * closing, opened=sign * opened, opening=9 if opened else 0, left=sign * rest
        )
        for line in list_item_lines(item):
            opened += sign * line.cents
            rest += sign * line.cents if line.is_reduction or not item.opening else 0
            assert line.entry == (9 if line.is_reduction else 7)
        assert opened == closing
        assert rest >= 0
