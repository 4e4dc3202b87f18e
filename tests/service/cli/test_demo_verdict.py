"""The verdict of the demonstration: what it states of the budget."""

from reporting.budget import Appropriations, Budget, NodeBudget
from service.cli.demo_verdict import describe_budget

_WITHIN = Appropriations(500_00, 0, 100_00, 300_00, 100_00)
_EXCEEDED = Appropriations(200_00, 0, 100_00, 350_00, -250_00)


def test_the_budget_states_what_exceeds_estimated_credits() -> None:
    """100.00 are left on a programme with a ceiling, so that the excess is not the difference of the totals."""
    ae, cp = describe_budget(_build_budget(_EXCEEDED, is_estimated=True))
    assert ae == "commitment appropriations (AE): 800.00 of 1,000.00 euros reserved or consumed"
    assert cp == (
        "payment appropriations (CP): 850.00 of 700.00 euros reserved or consumed; "
        "250.00 of them exceed estimated credits, which have no ceiling"
    )


def test_the_budget_says_nothing_of_estimated_credits_that_suffice() -> None:
    for is_estimated in (False, True):
        _, cp = describe_budget(_build_budget(_WITHIN, is_estimated=is_estimated))
        assert cp == "payment appropriations (CP): 800.00 of 1,000.00 euros reserved or consumed"


def test_only_estimated_credits_have_no_ceiling() -> None:
    """Credits with a ceiling that are exceeded are a fault, which the checks state and this sentence must not explain."""
    _, cp = describe_budget(_build_budget(_EXCEEDED, is_estimated=False))
    assert cp == "payment appropriations (CP): 850.00 of 700.00 euros reserved or consumed"


def _build_budget(cp: Appropriations, *, is_estimated: bool) -> Budget:
    """Build the budget of a programme with a ceiling, and of another with ``cp``."""
    nodes = [
        _build_node("0177", _WITHIN, is_estimated=False),
        _build_node("0117", cp, is_estimated=is_estimated),
    ]
    return Budget(1, "PROGRAMME", nodes, _add(_WITHIN, _WITHIN), _add(_WITHIN, cp))


def _build_node(programme: str, cp: Appropriations, *, is_estimated: bool) -> NodeBudget:
    return NodeBudget(2018, programme, "", "HT2", "ordinary", is_estimated, _WITHIN, cp)


def _add(first: Appropriations, second: Appropriations) -> Appropriations:
    names = ("opened", "allotted", "reserved", "consumed", "available")
    return Appropriations(*(getattr(first, name) + getattr(second, name) for name in names))
