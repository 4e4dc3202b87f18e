"""Rows of any kind, right or wrong, are resolved as a plain model reads them, in every type of column."""

from collections.abc import Hashable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings

from core.act_fields import ACT_LINES_MAX, Field
from core.catalog import CATALOG, BudgetAction
from core.outcome_codes import UNKEYED_FAULTS, Outcome
from core.periods import YEAR_FIRST
from core.tables.book import Cells
from core.tables.journal import Acts
from ingest.formats.flat_schema import sum_cents
from ingest.resolution.resolver import ResolutionContext, ResolvedLines, Sender, resolve
from ingest.resolution.text_columns import DictionaryCache
from posting.book.cells import CellNumbers, to_records
from posting.book.code_numbers import CodeKind, number_codes
from posting.book.registry import ReferenceData, Registry
from tests.file_strategies import REFERENCE, File
from tests.ingest.row_strategies import WRITERS, faulty_rows, to_text, to_types
from tests.oracle import amounts
from tests.oracle.engine import Engine
from tests.oracle.lines import Line
from tests.oracle.model import NONE
from tests.oracle.reference import Reference as Plain
from tests.oracle.row_reading import ReadLine, find_posting_day, read_acts

_MOVES = (BudgetAction.MOVE, BudgetAction.VIREMENT, BudgetAction.DECREE_TRANSFER)
SENDERS = {"x": 7, "CSP-A": 8, "CSP-B": 9, "ministry": 10}
"""The number of each sender; lines are sent by the first."""

SENDER = Sender(7)
ROWS = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


class Expected(NamedTuple):
    """A row by the plain model: as read, in numbers, and the row that its act begins with."""

    read: ReadLine
    line: Line
    head: int


@cache
def _load_registry() -> Registry:
    reference, numbers = ReferenceData.load(REFERENCE), {CodeKind.SENDER: dict(SENDERS)}
    number_codes(numbers, reference.list_codes())
    return Registry(reference, numbers)


@cache
def _load_plain() -> Plain:
    return Plain.load(REFERENCE)


def _resolve(raw: pa.RecordBatch, sender: Sender = SENDER) -> ResolvedLines:
    return resolve(
        raw,
        sender,
        ResolutionContext(_load_registry(), CellNumbers(np.zeros(0, np.int64)), DictionaryCache(), (11, 13)),
    )


def _expect(rows: File) -> tuple[list[Expected], Engine]:
    engine, decided = Engine(_load_plain()), []
    for act in read_acts(rows, _load_plain(), "x"):
        head = len(decided)
        decided += [
            Expected(row, line, head) for row, line in zip(act, engine._build_lines(act, "x"), strict=True)
        ]
    return decided, engine


def _list_acts(resolved: ResolvedLines) -> list[dict[str, int]]:
    return [dict(zip(Acts._fields, row, strict=True)) for row in resolved.acts.tolist()]


@pytest.mark.parametrize("writer", WRITERS)
@ROWS
@given(rows=faulty_rows())
def test_every_row_is_resolved_as_by_the_plain_model(writer: str, rows: File) -> None:
    resolved = _resolve(WRITERS[writer](rows))
    expected, engine = _expect(rows)
    acts = _list_acts(resolved)
    assert [Outcome(act["fault"]) for act in acts] == [row.line.fault for row in expected]
    assert [act["head"] for act in acts] == [row.head for row in expected]
    assert [field > 0 for field in resolved.field.tolist()] == [row.line.fault > 0 for row in expected]
    assert resolved.cents.tolist() == [
        amounts.read_any_amount(row.read.read_text(Field.AMOUNT)) for row in expected
    ]
    assert sum_cents(resolved.raw).total == sum(
        resolved.cents.tolist()
    )  # what is declared is what is accounted for
    sound = [(act, row) for act, row in zip(acts, expected, strict=True) if not act["fault"]]
    for act, row in sound:
        plain = ("kind", "amount", "period", "account")
        assert {name: act[name] for name in plain} == {name: getattr(row.line, name) for name in plain}
        assert resolved.day[acts.index(act)] == find_posting_day(row.read)
        if row.line.previous:
            assert act["previous_line"] == min(row.line.previous_line, 2**31 - 1)
    _compare_places([(act, row.line) for act, row in sound], resolved, engine)
    _compare_words(acts, expected)


def _compare_places(
    sound: list[tuple[dict[str, int], Line]], resolved: ResolvedLines, engine: Engine
) -> None:
    """Cells are numbered alike except for their order; each has the position and account of its row."""
    first = _load_registry().first_node
    records = [
        dict(zip(Cells._fields, row, strict=True))
        for row in to_records(resolved.new_words, _load_registry()).tolist()
    ]
    numbered = {NONE: NONE}
    for act, line in sound:
        moves = CATALOG[line.kind].budget in _MOVES
        owner = line.key[0] if isinstance(line.key, tuple) else ""
        source = SENDERS.get(owner) if CATALOG[line.kind].carries else line.source
        assert act["source"] == (line.source - first if moves else source)
        assert numbered.setdefault(act["cell"], line.cell) == line.cell
        if line.cell != NONE:
            record = records[act["cell"] - 1]
            operation = record["operation_node"]
            own = (record["centre_node"] + first, operation if operation == NONE else operation + first)
            expected = engine._cells[line.cell]
            assert own == (expected.centre_node, expected.operation_node)
            assert record["year"] + YEAR_FIRST == expected.year
            for name in ("expense", "accrued", "creditor", "payroll", "accountant"):
                assert record[name] == getattr(expected, name)
            assert (record["title"] >= 0) == (expected.title is not None)
            assert (record["title_before"] >= 0) == expected.may_anticipate
            assert bool(record["operating"]) == expected.operating
            assert bool(record["unserved"]) == expected.unserved
            assert bool(record["charges_interest"]) == expected.charges_interest
    assert len(set(numbered.values())) == len(numbered)


def _compare_words(acts: list[dict[str, int]], expected: list[Expected]) -> None:
    """Words are equal exactly where the texts are equal."""
    keys, payees, banks, contents = _Twins(), _Twins(), _Twins(), _Twins()
    groups = {
        row.head: tuple(other.line.content for other in expected if other.head == row.head)
        for row in expected
    }
    faulty_acts = {row.head for row in expected if row.line.fault}
    for position, (act, (_, line, head)) in enumerate(zip(acts, expected, strict=True)):
        if line.fault not in UNKEYED_FAULTS:
            keys.meet((act["key_high"], act["key_low"]), line.key)
        if line.fault:
            continue
        if line.previous:
            keys.meet((act["previous_high"], act["previous_low"]), line.previous)
        if line.payee:
            payees.meet((act["payee_high"], act["payee_low"]), line.payee)
        if line.bank:
            banks.meet(act["bank"], line.bank)
        if position == head and head not in faulty_acts:
            contents.meet((act["key_high"], act["content"]), (line.key, groups[head]))


class _Twins:
    """Two numberings of the same things."""

    def __init__(self) -> None:
        self._there: dict[Hashable, Hashable] = {}
        self._back: dict[Hashable, Hashable] = {}

    def meet(self, ours: Hashable, theirs: Hashable) -> None:
        assert self._there.setdefault(ours, theirs) == theirs
        assert self._back.setdefault(theirs, ours) == ours


@ROWS
@given(rows=faulty_rows())
def test_all_column_types_give_the_same_acts(rows: File) -> None:
    """To the byte: keys, content, cells, faults; even of refused rows."""
    text, *others = (_resolve(write(rows)) for write in WRITERS.values())
    for other in others:
        assert _list_acts(other) == _list_acts(text)
        for name in ("cents", "day", "new_words"):
            assert getattr(other, name).tolist() == getattr(text, name).tolist()
        assert [_normalise_amount_field(field) for field in other.field.tolist()] == [
            _normalise_amount_field(e) for e in text.field.tolist()
        ]


def _normalise_amount_field(field: int) -> int:
    """A fault of the amount names its column."""
    return Field.AMOUNT if field == Field.AMOUNT_CENTS else field


def _build_row(**changes: Any) -> dict[str, str]:
    row = {
        "reference": "R1",
        "kind": "commitment",
        "exercise": "2018",
        "date": "2018-05-02",
        "amount": "1.00",
    }
    cell = {"fund_centre": "0177-D013-DD13", "functional_area": "0177-12", "commitment_item": "31"}
    return row | cell | changes


def _list_faults(rows: File, sender: Sender = SENDER) -> list[Outcome]:
    faults = [
        [Outcome(act["fault"]) for act in _list_acts(_resolve(write(rows), sender))]
        for write in (to_text, to_types)
    ]
    assert faults[0] == faults[1]
    return faults[0]


def test_no_rows_give_no_acts() -> None:
    resolved = _resolve(to_text([_build_row()]).slice(0, 0))
    assert len(resolved.acts) == len(resolved.cents) == len(resolved.new_words) == 0


def test_an_act_that_is_too_long_is_refused_whole() -> None:
    """The fault is on its first line, which stands for all of them."""
    for count, expected in ((ACT_LINES_MAX, Outcome.ACCEPTED), (ACT_LINES_MAX + 1, Outcome.ACT_TOO_LONG)):
        faults = _list_faults([_build_row(line=str(line)) for line in range(1, count + 1)])
        assert faults == [expected] + [Outcome.ACCEPTED] * (count - 1)


def test_a_sender_can_demand_sepa_for_payments() -> None:
    payment = _build_row(kind="direct_payment_request", payee="1001488375", amount="1000000000.00")
    rows = [
        _build_row(reference="R2", amount="1000000000.00"),
        payment,
        payment | {"amount": "999999999.99", "reference": "R3"},
    ]
    assert _list_faults(rows, Sender(7, sepa_only=True)) == [
        Outcome.ACCEPTED,
        Outcome.SEPA_LIMIT_EXCEEDED,
        Outcome.ACCEPTED,
    ]
    assert _list_faults(rows) == [Outcome.ACCEPTED] * 3


def test_senders_and_secrets_have_keys_of_their_own() -> None:
    raw = to_text([_build_row()])
    registry = _load_registry()
    contexts = [
        ResolutionContext(registry, CellNumbers(np.zeros(0, np.int64)), DictionaryCache(), (11, second))
        for second in (13, 14)
    ]
    acts = [resolve(raw, Sender(at), context).acts[0] for at in (7, 8) for context in contexts]
    assert len({(act["key_high"], act["key_low"]) for act in acts}) == 4
    assert len({act["content"] for act in acts}) == 1
