"""The journal played back gives the book that wrote it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.catalog import CATALOG
from core.outcome_codes import Outcome
from core.tables.book import PAYEE_BLOCKED_BIT
from core.tables.columns import read_column_kinds, seal
from core.tables.journal import Fingerprints, StoredEntries
from kernels import replay as kernel
from tests.act_strategies import DecisionCase, cases
from tests.kernels.decision_cases import KernelBook, read_ledger_content
from tests.kernels.execution_modes import run_examples
from tests.oracle.ledger import Ledger
from tests.oracle.model import Decision, Line, OpenItem
from tests.oracle.replay import StoredEntry, replay_entries


@run_examples(100)
@given(cases(), st.data())
def test_the_journal_gives_the_book_again(case: DecisionCase, data: st.DataObject) -> None:
    """Items, remainders, keys and blocks of payees; figures, sums and payees are stored by themselves."""
    lines = [line for batch in case.batches for line in batch.lines]
    deciding, twin = KernelBook(case.book, len(lines)), KernelBook(case.book, len(lines))
    decisions = [d for batch in case.batches for d in deciding.decide(batch.lines, batch.holding)]
    journal = _build_journal(lines, decisions)
    cut = data.draw(
        st.sampled_from([0, *(at for at in range(len(journal)) if _is_act_start(journal, at)), len(journal)])
    )
    _load_payees(deciding, twin)
    plain = Ledger(case.book.world)
    plain.state.payees.update(twin.read_content().payees)
    for stretch in (journal[:cut], journal[cut:]):
        _replay_journal(stretch, twin)
    expected, start = deciding.read_content(), read_ledger_content(case.book.build_ledger())
    items = {entry: _clear_counts(item) for entry, item in expected.items.items()}
    expected = expected._replace(figures=start.figures, sums={}, waiting={}, items=items)
    assert twin.read_content() == expected
    assert sorted(twin.tables.slots.tolist()) == sorted(deciding.tables.slots.tolist())
    replay_entries(journal, plain.state)
    assert read_ledger_content(plain)._replace(figures=start.figures) == expected


def _load_payees(deciding: KernelBook, twin: KernelBook) -> None:
    """Payees are stored as they are paid now; who of them is blocked the journal tells."""
    count = deciding.tables.counters[0]["payees"]
    twin.tables.payees[:count] = deciding.tables.payees[:count]
    twin.tables.payees["value"] %= PAYEE_BLOCKED_BIT
    twin.tables.counters["payees"] = count


def _clear_counts(item: OpenItem) -> OpenItem:
    """The details that others replaced serve only to take the change back, before the book is loaded anew."""
    return item._replace(open=0) if CATALOG[item.kind].change else item


def _build_journal(lines: list[Line], decisions: list[Decision]) -> list[StoredEntry]:
    """The rows that accepted lines leave, in the order of their numbers; each act's content is its first line's."""
    found: list[StoredEntry] = []
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
            found.append(StoredEntry(*own, int(line.content), line.key))  # type: ignore[call-overload]
    return found


def _is_act_start(journal: list[StoredEntry], at: int) -> bool:
    return at == 0 or journal[at].key != journal[at - 1].key


def _replay_journal(journal: list[StoredEntry], twin: KernelBook) -> None:
    columns = {name: [getattr(each, name) for each in journal] for name in StoredEntries._fields}
    typed = (np.array(columns[name], kind.dtype) for name, kind in read_column_kinds(StoredEntries).items())
    high, low = ([each.key[part] for each in journal] for part in range(2))  # type: ignore[index]
    found = Fingerprints(np.array(high, np.uint64), np.array(low, np.uint32))
    kernel.replay_entries(seal(StoredEntries(*typed)), seal(found), twin.tables)
