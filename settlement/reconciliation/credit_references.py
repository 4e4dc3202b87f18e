"""The references of acts from credits, and the receivables whose references payers wrote."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.tables.bank_messages import BankMessage, BankStatement
from settlement.reconciliation.act_lines import COLLECTED
from settlement.reconciliation.receipt_matching import NamedReceivables, Receivables
from settlement.reconciliation.remittance_references import WrittenReferences

_HASH_CHARACTERS = 16


def format_references(message: BankMessage, rows: NDArray[np.int64]) -> pa.Array:
    """Return the reference of the act of each credit: its statement, its entry there, and the transaction in the entry."""
    prefixes = pa.array([_format_statement(statement) for statement in message.statements], pa.string())
    statement, item = (column[rows] for column in (message.movements.statement, message.movements.item))
    part = message.remittances.part[rows] if message.remittances else np.zeros(rows.size, np.int32)
    entry = _join(pa.array(item).cast(pa.string()), pa.array(part).cast(pa.string()), ".")
    return _join(prefixes.take(pa.array(statement)), entry, "-")


def _join(first: pa.Array, second: pa.Array, separator: str) -> pa.Array:
    arguments = [first, second, pa.scalar(separator)]
    return pc.call_function("binary_join_element_wise", arguments, pc.JoinOptions())


def find_positions(values: pa.Array, among: pa.Array) -> NDArray[np.int64]:
    """Return the position of each value among others; -1 where it is not among them."""
    positions = pc.call_function("index_in", [values], pc.SetLookupOptions(value_set=among))
    return positions.fill_null(-1).to_numpy().astype(np.int64)


def _format_statement(statement: BankStatement) -> str:
    text = f"{statement.account}\n{statement.identity}"
    return COLLECTED + hashlib.sha256(text.encode()).hexdigest()[:_HASH_CHARACTERS]


def mark_first(references: pa.Array) -> NDArray[np.bool_]:
    """Return whether each credit is the first with its reference in the message."""
    codes = references.dictionary_encode().indices.to_numpy()
    is_first = np.zeros(codes.size, bool)
    is_first[np.unique(codes, return_index=True)[1]] = True
    return is_first


def find_named_receivables(words: WrittenReferences, receivables: Receivables) -> NamedReceivables:
    """Return the receivables whose references are among the words: several may have the same reference."""
    distinct = receivables.reference.unique()
    code = find_positions(receivables.reference, distinct)
    order = np.argsort(code, kind="stable")
    size = np.bincount(code, minlength=len(distinct))
    word_code = find_positions(words.word.cast(pa.string()), distinct)
    rows = np.flatnonzero(word_code >= 0)
    count = size[word_code[rows]]
    first = np.append(0, np.cumsum(size))[word_code[rows]]
    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    receivable = order[np.repeat(first, count) + offset]
    credit, is_structured = np.repeat(words.credit[rows], count), np.repeat(words.is_structured[rows], count)
    first = np.unique((credit * len(order) + receivable) * 2 + is_structured, return_index=True)[1]
    is_own = np.zeros(first.size, bool)
    return NamedReceivables(credit[first], receivable[first], is_structured[first], is_own)
