"""The model: files of acts decided line by line, in order, with acts that wait for others until the end of their file."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, pairwise

from tests.law_model.effects import apply
from tests.law_model.form import read_line
from tests.law_model.interface import KindColumns, read_kinds
from tests.law_model.invoices import find_invoice
from tests.law_model.judgement import Judgement, judge
from tests.law_model.kinds import BALANCED_BY_CLOSING, JOURNALS
from tests.law_model.nomenclature import Reference
from tests.law_model.periods import PeriodDecision
from tests.law_model.postings import credits_product, is_balanced, is_paired, post
from tests.law_model.rules import Rules, read_rules
from tests.law_model.state import Act, Document, Row, State, begin

ACCEPTED, DUPLICATE = "ACCEPTED", "DUPLICATE"
WAITING = frozenset({"PREDECESSOR_MISSING", "SERVICE_INSUFFICIENT"})
_EARLY = ("REFERENCE_INVALID", "KIND_UNKNOWN", "EXERCISE_UNKNOWN")


@dataclass(frozen=True)
class LineResult:
    """How a line ended: ``ACCEPTED``, ``DUPLICATE`` or a code of refusal; the number of its document if accepted."""

    code: str
    number: int = 0
    breaches: frozenset[str] = frozenset()
    """All codes that speak against the line, of which ``code`` comes first."""


class LawModel:
    """Decides acts as the texts say."""

    def __init__(self, reference: Reference, rules: Rules | None = None) -> None:
        self.rules = rules or read_rules()
        self.kinds: Mapping[str, KindColumns] = read_kinds()
        self.state: State = begin(reference, self.rules.built)
        self._held: dict[tuple[str, int, str], list[Row]] = {}
        """The acts of the file that wait: no other content takes their reference meanwhile."""

    def submit(self, rows: Sequence[Row], sender: str) -> list[LineResult]:
        """Decide the lines of one file."""
        results: dict[int, LineResult] = {}
        self._held = {}
        waiting = [act for act in _split_acts(rows) if not self._decide(act, sender, results, is_last=False)]
        progress = True
        while waiting and progress:
            still = [act for act in waiting if not self._decide(act, sender, results, is_last=False)]
            progress, waiting = len(still) < len(waiting), still
        for act in waiting:
            self._decide(act, sender, results, is_last=True)
        return [results[place] for place in range(len(rows))]

    def decide_period(self, decision: PeriodDecision) -> bool:
        """Change the months that a person's decision concerns; return False if it is refused."""
        return self.state.periods.decide(decision)

    def _decide(
        self, act: list[tuple[int, Row]], sender: str, results: dict[int, LineResult], *, is_last: bool
    ) -> bool:
        """Decide one act; return False if it waits for another."""
        is_judged_whole = len(act) > 1 or act[0][1].get("kind") in JOURNALS | BALANCED_BY_CLOSING
        before = self._copy_state() if is_judged_whole else None
        answers, documents = self._decide_lines([row for _, row in act], sender)
        if any(answer.code in WAITING for answer in answers) and not is_last:
            self._restore(before)
            rows = [row for _, row in act]
            self._held.setdefault(_find_name(self._read_line(rows[0], sender)[0]), rows)
            return False
        if any(answer.code not in {ACCEPTED, DUPLICATE} for answer in answers):
            self._restore(before)
            answers = [self._refuse(answer) for answer in answers]
        elif documents:
            self._keep(act, sender, documents)
        results |= {place: answer for (place, _), answer in zip(act, answers, strict=True)}
        return True

    def _copy_state(self) -> State:
        """Copy what acts change; reference data and the lines of earlier acts stay what they are."""
        constants = (self.state.reference, *self.state.contents.values())
        return copy.deepcopy(self.state, {id(constant): constant for constant in constants})

    def _restore(self, before: State | None) -> None:
        if before is not None:
            self.state = before

    @staticmethod
    def _refuse(answer: LineResult) -> LineResult:
        return LineResult("ACT_REFUSED") if answer.code == ACCEPTED else answer

    def _keep(self, act: list[tuple[int, Row]], sender: str, documents: list[Document]) -> None:
        first = documents[0]
        key = (act[0][1].get("reference_sender") or sender, first.exercise, first.reference)
        self.state.acts[key] = documents
        self.state.contents[key] = [row for _, row in act]

    def _decide_lines(self, rows: list[Row], sender: str) -> tuple[list[LineResult], list[Document]]:
        """Decide the lines of an act up to the first that is refused."""
        acts = [self._read_line(row, sender) for row in rows]
        for act, _ in acts:
            act.total = sum(other.amount for other, codes in acts if not codes)
        for (act, _), (after, codes) in pairwise(acts):
            act.next_line, after.is_faulty = after, bool(codes)
        earlier = self._find_earlier(*acts[0], rows)
        if earlier:
            return [LineResult(DUPLICATE if earlier == rows else "REFERENCE_CONFLICT") for _ in rows], []
        answers, documents = [LineResult(ACCEPTED) for _ in rows], list[Document]()
        for place, (act, codes) in enumerate(acts):
            answers[place] = self._decide_line(act, codes, documents)
            if answers[place].code != ACCEPTED:
                return answers, documents
        if documents[0].kind in JOURNALS | BALANCED_BY_CLOSING and not is_balanced(documents, self.state):
            answers[-1] = LineResult("JOURNAL_UNBALANCED", breaches=frozenset({"JOURNAL_UNBALANCED"}))
        elif documents[0].kind in JOURNALS and not is_paired(documents, self.state):
            answers[-1] = LineResult("TRANSFER_UNPAIRED", breaches=frozenset({"TRANSFER_UNPAIRED"}))
        elif documents[0].kind in JOURNALS and credits_product(documents, self.state):
            code = "PRODUCT_FROM_SUSPENSE"
            answers[-1] = LineResult(code, breaches=frozenset({code}))
        return answers, documents

    def _read_line(self, row: Row, sender: str) -> tuple[Act, list[str]]:
        """Read a line; an exercise that is not kept is a fault of form, and the first of them that counts."""
        act, codes = read_line(row, sender, self.kinds)
        is_unknown = bool(act.exercise) and act.exercise not in self.state.reference.months_open_at_start
        if codes and act.text("fund_centre") and act.budget_year not in self.state.reference.years:
            codes = [*codes, "FIELD_INVALID"]  # no budget of that year exists, whatever else is wrong
        if act.kind == "prior_withdrawal" and not is_unknown and not self._has_known_case(act):
            codes = [*codes, "FIELD_INVALID"]
        return act, [*codes, "EXERCISE_UNKNOWN"] if is_unknown else codes

    def _has_known_case(self, act: Act) -> bool:
        year = self.state.reference.years.get(act.exercise)
        return not act.text("recycling_case") or (
            year is not None and act.text("recycling_case") in year.recycling
        )

    def _find_earlier(self, act: Act, codes: list[str], rows: list[Row]) -> list[Row] | None:
        """Return the content of the accepted act of the same reference, or of another one that waits."""
        if any(code in _EARLY for code in codes):
            return None
        name = _find_name(act)
        held = self._held.get(name)
        return self.state.contents.get(name) or (held if held != rows else None)

    def _decide_line(self, act: Act, codes: list[str], documents: list[Document]) -> LineResult:
        code, judgement = (
            self.rules.first([code for code in codes if code in _EARLY] or codes),
            Judgement(codes),
        )
        if not code:
            judgement = judge(act, self.kinds[act.kind], self.state, documents)
            code = self.rules.first(judgement.codes)
        if code:
            return LineResult(code, breaches=frozenset(judgement.codes))
        documents.append(self._accept(act, judgement))
        return LineResult(ACCEPTED, documents[-1].number)

    def _accept(self, act: Act, judgement: Judgement) -> Document:
        document = self._build_document(act, judgement)
        self.state.documents.append(document)
        apply(act, document, self.state)
        post(document, self.state)
        return document

    def _build_document(self, act: Act, judgement: Judgement) -> Document:
        document = Document(
            len(self.state.documents) + 1,
            act.kind,
            act.text("reference_sender") or act.sender,
            act.exercise,
            act.text("reference"),
            act.line,
            act.day,
            act.amount,
            predecessor=judgement.predecessor,
            payee=act.text("payee"),
            anticipates=judgement.anticipates,
            invoice=find_invoice(act),
            part=act.text("invoice_part"),
            due=act.due,
        )
        place = judgement.place
        if place:
            document.key, document.operation, document.area = place.key, place.operation, place.area
            document.item, document.fund, document.account = place.item, place.fund, place.account
        return document


def _find_name(act: Act) -> tuple[str, int, str]:
    """Return what no two acts share: whose reference it is, of which exercise."""
    return act.text("reference_sender") or act.sender, act.exercise, act.text("reference")


def _split_acts(rows: Sequence[Row]) -> Iterator[list[tuple[int, Row]]]:
    """Yield the lines of each act with their places in the file."""
    act: list[tuple[int, Row]] = []
    for place, row in zip(count(), rows):
        if act and row.get("line", "") not in ("", "1") and row["reference"] == act[-1][1]["reference"]:
            act.append((place, row))
            continue
        if act:
            yield act
        act = [(place, row)]
    if act:
        yield act
