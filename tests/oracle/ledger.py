"""All rules in plain Python: dictionaries and unbounded whole numbers, one act at a time."""

from collections.abc import Mapping, Sequence

from core.outcome_codes import UNKEYED_FAULTS, Outcome
from tests.oracle.lines import Line
from tests.oracle.model import (
    FIGURES,
    AcceptedAct,
    Decision,
    Fingerprint,
    LineRefused,
    State,
    TitleKey,
    World,
)
from tests.oracle.postings import post_line

CURABLE_FINDINGS = frozenset({Outcome.PREDECESSOR_MISSING, Outcome.SERVICE_INSUFFICIENT})
"""Findings that a later act of the same file may remedy."""

Content = tuple[object, ...]
Acts = Sequence[Sequence[Line]]
ActDecisions = list[Decision]


class Ledger:
    """Budget, commitments, payees, keys and accounts, advanced by ``decide``."""

    def __init__(
        self,
        world: World,
        figures: Mapping[tuple[int, int], int] | None = None,
        titles: Mapping[TitleKey, tuple[int, int]] | None = None,
    ) -> None:
        self.world = world
        self.state = State.create_empty()
        self.state.figures.update(figures or {})
        self.state.titles.update(titles or {})
        self.waiting: dict[Fingerprint, Content] = {}

    def decide(self, lines: Sequence[Line], holding: bool = False) -> list[Decision]:
        """Decide one act: all its ``lines`` are accepted, or none has an effect.

        While ``holding``, an act that only lacks what may come later is held, and its key waits; so does its duplicate.
        """
        key, content = lines[0].key, tuple(line.content for line in lines)
        unkeyed = [place for place, line in enumerate(lines) if line.fault in UNKEYED_FAULTS]
        if unkeyed:
            return _refuse_act(lines, unkeyed[0], LineRefused(lines[unkeyed[0]].fault))
        if key in self.state.keys:
            return _answer_known(self.state.keys[key], content)
        if holding and key in self.waiting:
            is_same = self.waiting[key] == content
            return [Decision(Outcome.HELD if is_same else Outcome.REFERENCE_CONFLICT)] * len(lines)
        return self._decide_act(lines, holding)

    def _decide_act(self, lines: Sequence[Line], holding: bool) -> list[Decision]:
        draft = self.state.open_draft()
        first = len(self.state.items.maps[0]) + 1
        decisions: list[Decision] = []
        for place, line in enumerate(lines):
            try:
                decisions.append(post_line(self.world, draft, line, (first, first + place), act=lines))
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
        """Decide a whole submission; return the answers of the first pass, and the final ones."""
        submission = LedgerSubmission(self, acts)
        submission.present(len(acts))
        return submission.finish()

    def list_figures(self, node: int) -> list[int]:
        """Return the eight figures of ``node``, in the order of ``core.tables.book.Book.figures``."""
        return [self.state.figures.get((node, figure), 0) for figure in range(FIGURES)]

    def read_sums(self, period: int, account: int) -> tuple[int, int]:
        """Return debit and credit of ``account`` in ``period``, of all accountants."""
        both = [sums for (at, _, other), sums in self.state.sums.items() if (at, other) == (period, account)]
        return sum(debit for debit, _ in both), sum(credit for _, credit in both)


class LedgerSubmission:
    """A submission whose acts are presented in order; between two of them forms may be decided."""

    def __init__(self, ledger: Ledger, acts: Acts) -> None:
        self._ledger, self._acts = ledger, acts
        self._first: dict[int, ActDecisions] = {}
        ledger.waiting.clear()

    def present(self, count: int) -> None:
        """Decide the next ``count`` acts for the first time."""
        for place in range(len(self._first), len(self._first) + count):
            self._first[place] = self._ledger.decide(self._acts[place], holding=True)

    def finish(self) -> tuple[list[ActDecisions], list[ActDecisions]]:
        """Decide the held acts, right behind the last act; return the answers of the first pass, and the final ones.

        Held acts are presented again in order, pass after pass while a pass accepts any, then once without holding.
        """
        answers = dict(self._first)
        held = _list_held(answers)
        while held:
            answers_of_pass = self._retry(held, holding=True)
            answers.update(answers_of_pass)
            held = _list_held(answers_of_pass)
            if not any(answer[0].outcome is Outcome.ACCEPTED for answer in answers_of_pass.values()):
                answers.update(self._retry(held, holding=False))
                break
        self._ledger.waiting.clear()
        places = range(len(self._acts))
        return [self._first[at] for at in places], [answers[at] for at in places]

    def _retry(self, places: list[int], *, holding: bool) -> dict[int, ActDecisions]:
        """Decide the acts at ``places`` once, in order; keys wait only within one pass."""
        self._ledger.waiting.clear()
        return {at: self._ledger.decide(self._acts[at], holding) for at in places}


def _answer_known(act: AcceptedAct, content: Content) -> list[Decision]:
    """Answer an act whose key is accepted already (rules A47, A48)."""
    if act.content == content:
        return [Decision(Outcome.DUPLICATE, act.first + place) for place in range(act.lines)]
    return [Decision(Outcome.REFERENCE_CONFLICT, act.first)] * len(content)


def _refuse_act(lines: Sequence[Line], broken: int, finding: LineRefused) -> list[Decision]:
    """Return the finding for the line that broke a rule, and ACT_REFUSED for the others."""
    refusal = Decision(finding.outcome, finding.entry, node=finding.node, missing=finding.missing)
    return [refusal if place == broken else Decision(Outcome.ACT_REFUSED) for place in range(len(lines))]


def _list_held(answers: Mapping[int, ActDecisions]) -> list[int]:
    return [at for at, answer in answers.items() if answer[0].outcome is Outcome.HELD]
