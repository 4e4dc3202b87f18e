"""Reconstruction of the book from the journal: the effects of each stored entry, without checking it again."""

import numpy as np

from core.catalog import PayeeChange
from core.tables.book import Book
from core.tables.invoices import RequestedInvoices
from core.tables.journal import Fingerprints, StoredEntries
from kernels import collection_days, invoices, key_index, payees
from kernels.jit import advances, kernel, part, reads
from kernels.links import build_link, no_link
from kernels.postings import apply_remainders, store_item


@part
def _is_act_start(fingerprints, row):
    """Return whether an act starts here: its entries are adjacent and a key is accepted once, so a new key is a new act."""
    if row == 0:
        return True
    high, low = fingerprints.high, fingerprints.low
    return high[row] != high[row - 1] or low[row] != low[row - 1]


@part
def _insert_key(book, fingerprints, replayed, row):
    at = book.counters[0].keys
    entry = (
        fingerprints.high[row],
        fingerprints.low[row],
        np.uint32(replayed.entry[row]),
        replayed.content[row],
    )
    key_index.insert_key(book.slots, book.keys, at, entry)
    book.counters[0].keys = at + 1


@part
def _rebuild_link(book, replayed, row):
    kind, item = replayed.kind[row], replayed.predecessor[row]
    cell = replayed.cell[row]
    return build_link(book, kind, item, cell) if item > 0 else no_link(kind, cell)


@kernel(reads(StoredEntries), reads(Fingerprints), advances(Book))
def replay_entries(replayed, fingerprints, book):
    """Restore the items, remainders and keys of stored entries, and which payees are blocked.

    Budget figures, ledger sums and bank details are not changed: their present values are stored separately.

    Reads     replayed, fingerprints    n entries in order of id, whole acts
    Advances  book                      items, keys and counters, in place
    Order     entry order
    Outcomes  none; never raises
    Overflow  impossible: these amounts were accepted before
    Cost      O(n), one pass
    Oracle    tests.oracle.replay.replay_entries
    """
    rows = replayed.entry.size
    first = 0
    for row in range(rows):
        entry, kind = replayed.entry[row], replayed.kind[row]
        if _is_act_start(fingerprints, row):
            first = row
            _insert_key(book, fingerprints, replayed, row)
        for earlier in range(first, row):
            book.items[replayed.entry[earlier]].lines_after += 1
        link = _rebuild_link(book, replayed, row)
        posting = (replayed.payee[row], replayed.debit[row], replayed.credit[row])
        apply_remainders(book, kind, link, replayed.amount[row])
        store_item(book, (entry, kind, replayed.day[row], 0, posting), link, replayed.amount[row])
        collection_days.note_day(book, entry, kind, np.int64(replayed.source[row]))
        change = book.effects[kind].change
        if change > PayeeChange.DETAILS.value:
            payees.set_block(book, np.int64(replayed.payee[row]), np.int64(change == PayeeChange.BLOCK.value))
        book.counters[0].entries = entry


@kernel(reads(RequestedInvoices), advances(Book))
def replay_claims(requested, book):
    """Restore the claims of the invoices of stored requests.

    Reads     requested            n rows in order of entry; the entries themselves are in the book
    Advances  book                 invoices, their slots and their counter, in place
    Order     entry order
    Outcomes  none; never raises
    Overflow  impossible: an entry makes one claim at most
    Cost      O(n), one pass
    Oracle    tests.oracle.replay.replay_claims
    """
    for row in range(requested.entry.size):
        entry = requested.entry[row]
        terms = invoices.combine_terms(requested.part[row], requested.day[row])
        invoice = (requested.high[row], requested.low[row], terms)
        if invoices.is_continued(book, invoice, entry):
            invoices.extend_claim(book)
        else:
            invoices.insert_claim(book, invoice, entry)
