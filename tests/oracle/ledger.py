"""The whole rule book in plain Python: dictionaries and unbounded whole numbers, one act at a time."""

from collections.abc import Mapping, Sequence

from core.outcome_codes import UNKEYED_FAULTS, Outcome
from tests.oracle.model import FIGURES, AcceptedAct, Decision, Fingerprint, Line, LineRefused, State, World
from tests.oracle.postings import post_line

CURABLE_FINDINGS = frozenset({Outcome.PREDECESSOR_MISSING, Outcome.SERVICE_INSUFFICIENT})
"""Findings that a later act of the same file may cure."""

Content = tuple[object, ...]
Acts = Sequence[Sequence[Line]]
ActDecisions = list[Decision]


class Ledger:
    """Budget, commitments, payees, keys and accounts, advanced by ``decide``."""

    def __init__(self, world: World, figures: Mapping[tuple[int, int], int] | None = None) -> None:
        self.world = world
        self.state = State.create_empty()
        self.state.figures.update(figures or {})
        self.waiting: dict[Fingerprint, Content] = {}

    def decide(self, lines: Sequence[Line], holding: bool = False) -> list[Decision]:
        """Decide one act: all its ``lines`` are accepted, or none leaves a trace.

        While ``holding``, an act that only lacks what may come later is held, and its key waits; so does its double.
        """
        key, content = lines[0].key, tuple(line.content for line in lines)
        unkeyed = [place for place, line in enumerate(lines) if line.fault in UNKEYED_FAULTS]
        if unkeyed:
            return _refuse_act(lines, unkeyed[0], LineRefused(lines[unkeyed[0]].fault))
        if key in self.state.keys:
            return _answer_known(self.state.keys[key], content)
        if holding and key in self.waiting:
            same = self.waiting[key] == content
            return [Decision(Outcome.HELD if same else Outcome.REFERENCE_CONFLICT)] * len(lines)
        return self._decide_act(lines, holding)

    def _decide_act(self, lines: Sequence[Line], holding: bool) -> list[Decision]:
        draft = self.state.open_draft()
        first = len(self.state.items.maps[0]) + 1
        decisions: list[Decision] = []
        for place, line in enumerate(lines):
            try:
                decisions.append(post_line(self.world, draft, line, (first, first + place)))
            except LineRefused as finding:
                if holding and finding.outcome in CURABLE_FINDINGS:
                    return self._hold_act(lines)
                return _refuse_act(lines, place, finding)
        content = tuple(line.content for line in lines)
        draft.keys[lines[0].key] = AcceptedAct(first, len(lines), content)
        self.state.apply_draft(draft)
        return decisions

    def _hold_act(self, lines: Sequence[Line]) -> list[Decision]:
        self.waiting[lines[0].key] = tuple(line.content for line in lines)
        return [Decision(Outcome.HELD)] * len(lines)

    def submit(self, acts: Acts) -> tuple[list[ActDecisions], list[ActDecisions]]:
        """Decide a whole submission; what it answered when each act was first presented, and in the end.

        Held acts are presented again in order, pass after pass while one accepts something, then for good.
        """
        places = list(range(len(acts)))
        first = self._present(acts, places, holding=True)
        answers = dict(first)
        held = _list_held(first)
        while held:
            found = self._present(acts, held, holding=True)
            answers.update(found)
            held = _list_held(found)
            if not any(answer[0].outcome is Outcome.ACCEPTED for answer in found.values()):
                answers.update(self._present(acts, held, holding=False))
                break
        self.waiting.clear()
        return [first[at] for at in places], [answers[at] for at in places]

    def _present(self, acts: Acts, places: list[int], *, holding: bool) -> dict[int, ActDecisions]:
        """Decide the acts at ``places`` once, in order; keys wait within one pass only."""
        self.waiting.clear()
        return {at: self.decide(acts[at], holding) for at in places}

    def list_figures(self, node: int) -> list[int]:
        """The eight figures of ``node``, as ``core.tables.book.BudgetNodes`` has them."""
        return [self.state.figures.get((node, figure), 0) for figure in range(FIGURES)]

    def read_sums(self, period: int, account: int) -> tuple[int, int]:
        """Debit and credit of ``account`` in ``period``."""
        return self.state.sums.get((period, account), (0, 0))


def _answer_known(known: AcceptedAct, content: Content) -> list[Decision]:
    """Answer an act whose key is taken (A47, A48)."""
    if known.content == content:
        return [Decision(Outcome.DUPLICATE, known.first + place) for place in range(known.lines)]
    return [Decision(Outcome.REFERENCE_CONFLICT)] * len(content)


def _refuse_act(lines: Sequence[Line], broken: int, finding: LineRefused) -> list[Decision]:
    """Tell one line what it broke, and the others that they fall with it."""
    told = Decision(finding.outcome, node=finding.node, missing=finding.missing)
    return [told if place == broken else Decision(Outcome.ACT_REFUSED) for place in range(len(lines))]


def _list_held(answers: Mapping[int, ActDecisions]) -> list[int]:
    return [at for at, answer in answers.items() if answer[0].outcome is Outcome.HELD]
