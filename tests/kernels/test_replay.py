"""The journal played back gives the book that wrote it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.catalog import CATALOG
from core.outcome_codes import Outcome
from core.tables.book import PAYEE_BLOCKED
from core.tables.columns import kinds, seal
from core.tables.journal import Fingerprints, Replayed
from kernels import replay as kernel
from tests.act_strategies import Case, cases
from tests.kernels.decision_cases import Deciding, remembered
from tests.kernels.execution_modes import examples
from tests.oracle.ledger import Ledger
from tests.oracle.model import Decision, Item, Line
from tests.oracle.replay import Entry, replay


@examples(100)
@given(cases(), st.data())
def test_the_journal_gives_the_book_again(case: Case, data: st.DataObject) -> None:
    """Items, remainders, keys and blocks of payees; figures, sums and payees are stored by themselves."""
    lines = [line for batch in case.batches for line in batch.lines]
    deciding, twin = Deciding(case.book, len(lines)), Deciding(case.book, len(lines))
    decisions = [d for batch in case.batches for d in deciding.decide(batch.lines, batch.holding)]
    journal = _journal(lines, decisions)
    cut = data.draw(
        st.sampled_from([0, *(at for at in range(len(journal)) if _starts(journal, at)), len(journal)])
    )
    _load_payees(deciding, twin)
    plain = Ledger(case.book.world)
    plain.state.payees.update(twin.remembered().payees)
    for stretch in (journal[:cut], journal[cut:]):
        _replay(stretch, twin)
    expected, start = deciding.remembered(), remembered(case.book.ledger())
    items = {entry: _stored(item) for entry, item in expected.items.items()}
    expected = expected._replace(figures=start.figures, sums={}, waiting={}, items=items)
    assert twin.remembered() == expected
    assert sorted(twin.tables.slots.tolist()) == sorted(deciding.tables.slots.tolist())
    replay(journal, plain.state)
    assert remembered(plain)._replace(figures=start.figures) == expected


def _load_payees(deciding: Deciding, twin: Deciding) -> None:
    """Payees are stored as they are paid now; who of them is blocked the journal tells."""
    count = deciding.tables.counters[0]["payees"]
    twin.tables.payees[:count] = deciding.tables.payees[:count]
    twin.tables.payees["value"] %= PAYEE_BLOCKED
    twin.tables.counters["payees"] = count


def _stored(item: Item) -> Item:
    """The details that others replaced serve only to take the change back, before the book is loaded anew."""
    return item._replace(open=0) if CATALOG[item.kind].change else item


def _journal(lines: list[Line], decisions: list[Decision]) -> list[Entry]:
    """The rows that accepted lines leave, in the order of their numbers; each act's content is its first line's."""
    found: list[Entry] = []
    for line, told in zip(lines, decisions, strict=True):
        if told.outcome is Outcome.ACCEPTED:
            own = (
                told.entry,
                told.predecessor,
                line.amount,
                told.cell,
                told.payee,
                line.kind,
                told.debit,
                told.credit,
            )
            found.append(Entry(*own, int(line.content), line.key))  # type: ignore[call-overload]
    return found


def _starts(journal: list[Entry], at: int) -> bool:
    return at == 0 or journal[at].key != journal[at - 1].key


def _replay(journal: list[Entry], twin: Deciding) -> None:
    columns = {name: [getattr(each, name) for each in journal] for name in Replayed._fields}
    typed = (np.array(columns[name], kind.dtype) for name, kind in kinds(Replayed).items())
    high, low = ([each.key[part] for each in journal] for part in range(2))  # type: ignore[index]
    found = Fingerprints(np.array(high, np.uint64), np.array(low, np.uint32))
    kernel.replay(seal(Replayed(*typed)), seal(found), twin.tables)
