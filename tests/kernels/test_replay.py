"""The replay of the journal reconstructs the book that wrote it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.catalog import CATALOG
from core.outcome_codes import Outcome
from core.tables.book import PAYEE_BLOCKED_BIT
from core.tables.columns import read_column_kinds, seal
from core.tables.invoices import RequestedInvoices
from core.tables.journal import Fingerprints, StoredEntries
from kernels import replay as kernel
from tests.act_strategies import DecisionCase, cases, find_chains
from tests.kernels.decision_cases import KernelBook, read_ledger_content
from tests.kernels.execution_modes import run_examples
from tests.oracle.ledger import Ledger
from tests.oracle.lines import Line
from tests.oracle.model import Decision, OpenItem
from tests.oracle.replay import StoredEntry, replay_claims, replay_entries


@run_examples(100)
@given(cases() | cases(chains=find_chains("asset_disposal")), st.data())
def test_the_journal_reconstructs_the_book(case: DecisionCase, data: st.DataObject) -> None:
    """It restores items, remainders, keys and blocks of payees; figures, sums and payees are stored separately."""
    lines = [line for batch in case.batches for line in batch.lines]
    kernel_book, twin = KernelBook(case.book, len(lines)), KernelBook(case.book, len(lines))
    decisions = [d for batch in case.batches for d in kernel_book.decide(batch.lines, batch.holding)]
    journal = build_journal(lines, decisions)
    cut = data.draw(
        st.sampled_from([0, *(at for at in range(len(journal)) if _is_act_start(journal, at)), len(journal)])
    )
    _load_payees(kernel_book, twin)
    plain = Ledger(case.book.world, titles=case.book.titles)
    plain.state.payees.update(twin.read_content().payees)
    for section in (journal[:cut], journal[cut:]):
        replay_journal(section, twin)
    expected, start = kernel_book.read_content(), read_ledger_content(case.book.build_ledger())
    items = {entry: _clear_counts(item) for entry, item in expected.items.items()}
    expected = expected._replace(figures=start.figures, sums={}, waiting={}, items=items)
    expected = expected._replace(
        titles=start.titles, withdrawn={}, decrees=start.decrees, collected={}, engaged={}, carried={}
    )
    assert twin.read_content() == expected
    assert sorted(twin.tables.slots.tolist()) == sorted(kernel_book.tables.slots.tolist())
    assert twin.tables.invoices.tolist() == kernel_book.tables.invoices.tolist()
    assert twin.tables.invoice_slots.tolist() == kernel_book.tables.invoice_slots.tolist()
    replay_entries(journal, plain.state)
    replay_claims(journal, plain.state)
    assert read_ledger_content(plain)._replace(figures=start.figures) == expected


def _load_payees(kernel_book: KernelBook, twin: KernelBook) -> None:
    """Copy the stored payees, with their present bank details; the journal says which are blocked."""
    count = kernel_book.tables.counters[0]["payees"]
    twin.tables.payees[:count] = kernel_book.tables.payees[:count]
    twin.tables.payees["value"] %= PAYEE_BLOCKED_BIT
    twin.tables.counters["payees"] = count


def _clear_counts(item: OpenItem) -> OpenItem:
    """Clear the replaced bank details, which only serve to undo the change before the book is loaded again."""
    return item._replace(open=0) if CATALOG[item.kind].change else item


def build_journal(lines: list[Line], decisions: list[Decision]) -> list[StoredEntry]:
    """Return the rows of accepted lines, in the order of their entries; the content of an act is its first line's."""
    journal: list[StoredEntry] = []
    for line, decision in zip(lines, decisions, strict=True):
        if decision.outcome is Outcome.ACCEPTED:
            own = (
                decision.entry,
                decision.predecessor,
                line.amount,
                decision.cell,
                max(line.source, 0),
                line.day,
                decision.payee,
                line.kind,
                decision.debit,
                decision.credit,
            )
            invoice = line.invoice, line.invoice_part, line.invoice_day
            journal.append(StoredEntry(*own, int(line.content), line.key, *invoice))  # type: ignore[call-overload]
    return journal


def _is_act_start(journal: list[StoredEntry], at: int) -> bool:
    return at == 0 or journal[at].key != journal[at - 1].key


def replay_journal(journal: list[StoredEntry], twin: KernelBook) -> None:
    columns = {name: [getattr(entry, name) for entry in journal] for name in StoredEntries._fields}
    typed = (np.array(columns[name], kind.dtype) for name, kind in read_column_kinds(StoredEntries).items())
    high, low = ([entry.key[place] for entry in journal] for place in range(2))  # type: ignore[index]
    fingerprints = Fingerprints(np.array(high, np.uint64), np.array(low, np.uint32))
    kernel.replay_entries(seal(StoredEntries(*typed)), seal(fingerprints), twin.tables)
    claims = [entry for entry in journal if entry.invoice]
    own = [(entry.entry, *entry.invoice, entry.invoice_part, entry.invoice_day) for entry in claims]  # type: ignore[misc]
    kinds = read_column_kinds(RequestedInvoices)
    columns_of_claims = (
        np.array([row[at] for row in own], kind.dtype) for at, kind in enumerate(kinds.values())
    )
    kernel.replay_claims(seal(RequestedInvoices(*columns_of_claims)), twin.tables)
