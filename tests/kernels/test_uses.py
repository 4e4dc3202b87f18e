"""How many acts may take up one debt: as many as it counts, and one more is refused (ours)."""

from itertools import islice

from core.act_fields import ACT_LINES_MAX
from core.catalog import KIND_NUMBERS
from core.outcome_codes import Outcome
from core.tables.expense_marks import USES_MAX
from tests.act_strategies import add_content
from tests.kernels.test_limits import ON_UNIT, build_book, decide_both_ways, open_everywhere
from tests.oracle.lines import Line
from tests.oracle.model import NONE

_PAYEE = (1 << 50, 7)
_REQUEST = (1 << 40, 4)


def _build_lines(kind: str, number: int, lines: int, amount: int) -> list[Line]:
    """Build an act: the request, or parts of it."""
    is_request = kind == "direct_payment_request"
    line = Line(0, KIND_NUMBERS[kind], 0, 3, _REQUEST if is_request else (number << 40, 5), 0, payee=_PAYEE)
    line = line._replace(amount=amount, cell=ON_UNIT if is_request else NONE)
    if not is_request:
        line = line._replace(previous=_REQUEST, previous_line=1)
    return add_content([line] * lines)


def test_a_debt_is_taken_up_as_often_as_it_counts() -> None:
    """The last act that is counted is accepted; one more would be taken for a guarantee, and is refused."""
    payee = add_content([Line(0, KIND_NUMBERS["third_party"], 0, 3, (77 << 40, 7), 0, payee=_PAYEE, bank=5)])
    request = _build_lines("direct_payment_request", 1, 1, USES_MAX + 2)
    whole, rest = divmod(USES_MAX, ACT_LINES_MAX)
    sizes = [*[ACT_LINES_MAX] * whole, rest, 1, 2]
    parts = [_build_lines("attachment", number, size, 1) for number, size in enumerate(sizes, 2)]
    decisions = decide_both_ways(build_book(open_everywhere(10**9)), payee, request, *parts)
    assert {decision.outcome for decision in islice(decisions, USES_MAX + 2)} == {Outcome.ACCEPTED}
    assert [decision.outcome for decision in decisions[USES_MAX + 2 :]] == [
        Outcome.BALANCE_LIMIT,
        Outcome.BALANCE_LIMIT,
        Outcome.ACT_REFUSED,
    ]
