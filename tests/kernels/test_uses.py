"""How much of a debt was taken up: exactly, beyond the bits of one column, and in both kernels and plain model (rule A29)."""

from core.catalog import KIND_NUMBERS
from core.outcome_codes import Outcome
from tests.act_strategies import add_content
from tests.kernels.test_limits import ON_UNIT, build_book, decide_both_ways, open_everywhere
from tests.oracle.lines import Line
from tests.oracle.model import NONE

_PAYEE = (1 << 50, 7)
_REQUEST = (1 << 40, 4)
_PART = 2**40 + 1


def _build_line(kind: str, number: int, amount: int) -> list[Line]:
    """Build an act of one line: the request, or what follows it."""
    is_request = kind == "direct_payment_request"
    has_cell = is_request or kind == "repayment_receivable"
    key = _REQUEST if is_request else (number << 40, 5)
    line = Line(0, KIND_NUMBERS[kind], amount, 3, key, 0, payee=_PAYEE, cell=ON_UNIT if has_cell else NONE)
    return add_content([line if is_request else line._replace(previous=_REQUEST, previous_line=1)])


def test_what_was_taken_up_is_asked_back_to_the_cent() -> None:
    """Two of three parts are taken up, each of more cents than 32 bits count, and are asked back by two receivables."""
    steps = (
        *(("attachment", _PART), ("attachment", _PART), ("repayment_receivable", 2 * _PART + 1)),
        *(("repayment_receivable", _PART), ("attachment", _PART // 2), ("repayment_receivable", 2 * _PART)),
        *(("repayment_receivable", _PART + _PART // 2), ("repayment_receivable", 1), ("attachment", 1)),
    )
    payee = add_content([Line(0, KIND_NUMBERS["third_party"], 0, 3, (77 << 40, 7), 0, payee=_PAYEE, bank=5)])
    request = _build_line("direct_payment_request", 1, 3 * _PART)
    acts = [_build_line(kind, number, amount) for number, (kind, amount) in enumerate(steps, 2)]
    decisions = decide_both_ways(build_book(open_everywhere(4 * _PART)), payee, request, *acts)
    exceeded = Outcome.REPAYMENT_EXCEEDS_PAYMENT
    assert [(decision.outcome, decision.missing) for decision in decisions[2:]] == [
        *[(Outcome.ACCEPTED, 0)] * 2,
        *((exceeded, 1), (Outcome.ACCEPTED, 0), (Outcome.ACCEPTED, 0), (exceeded, _PART - _PART // 2)),
        *((Outcome.ACCEPTED, 0), (exceeded, 1), (Outcome.ACCEPTED, 0)),
    ]
