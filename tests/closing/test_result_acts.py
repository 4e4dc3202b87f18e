"""The acts of the result of a year, computed from balances, at the limits of a line and of an act."""

from closing.result_acts import ResultAct, ResultBalances, ResultLine, list_acts, sum_balances
from core.act_fields import ACT_LINES_MAX
from core.money import AMOUNT_MAX
from core.result_accounts import ResultAccounts

RESULT, TRANSFER = "1200000000", "1842300000"
ACCOUNTS = ResultAccounts(RESULT, TRANSFER, "ADCE")


def build(*lines: ResultLine) -> ResultBalances:
    return ResultBalances(sorted(lines), ACCOUNTS, {"ADCE": "0117", "PACA": "0177"}, 0)


def sum_lines(act: ResultAct) -> dict[tuple[str, str], int]:
    sums: dict[tuple[str, str], int] = {}
    for line in act.lines:
        key = line.accountant, line.account
        sums[key] = sums.get(key, 0) + line.cents
    return sums


def test_a_total_above_the_largest_amount_of_a_line_has_several_lines() -> None:
    """Two accounts of the largest amount, and a cent: the total has three lines on each of the accounts that it comes over."""
    charges = [ResultLine("PACA", f"61{digit}0000000", AMOUNT_MAX) for digit in "12"]
    balances = build(*charges, ResultLine("PACA", "6130000000", 1))
    (act,) = list_acts(balances)
    total = 2 * AMOUNT_MAX + 1
    assert sum_lines(act) == {
        **{(line.accountant, line.account): -line.cents for line in balances.balances},
        ("PACA", TRANSFER): total,
        ("ADCE", TRANSFER): -total,
        ("ADCE", RESULT): total,
    }
    assert max(abs(line.cents) for line in act.lines) == AMOUNT_MAX
    assert all(line.cents for line in act.lines)
    assert sum(row.cents for row in sum_balances(balances).carried if row.kind == "result_debit") == 2 * total


def test_an_act_has_no_more_lines_than_an_act_may_have() -> None:
    """A thousand accounts of the largest amount need three times as many lines for what they add up to."""
    lines = [ResultLine("PACA", f"6{number:09}", AMOUNT_MAX) for number in range(1000)]
    acts = list(list_acts(build(*lines)))
    assert [act.part for act in acts] == list(range(1, len(acts) + 1))
    assert all(len(act.lines) <= ACT_LINES_MAX for act in acts)
    assert sum(sum(sum_lines(act).values()) for act in acts) == 0
    assert max(abs(line.cents) for act in acts for line in act.lines) == AMOUNT_MAX
