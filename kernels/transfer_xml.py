"""Credit transfers as bytes of a payment file: values between template pieces that are common to all transfers."""

import numpy as np

from core.tables.columns import Byte
from core.tables.transfers import END_TO_END_BYTES, Transfers, TransferSizes, TransferTemplate, TransferTexts
from kernels.end_to_end import write_identifier
from kernels.jit import as_position, borrow, fills, fills_column, kernel, part, reads

# The pieces of the template in order: the XML before each value, and the end.
_IDENTIFIER, _AMOUNT, _AMOUNT_END, _BANK, _BANK_END, _NAME, _ACCOUNT, _ACCOUNT_END, _TEXT, _TEXT_END, _END = (
    range(11)
)
TEMPLATE_PIECES = _END + 1
_REQUIRED_PIECES = (_IDENTIFIER, _AMOUNT, _AMOUNT_END, _NAME, _ACCOUNT, _ACCOUNT_END, _END)
_ZERO, _POINT = ord("0"), ord(".")


@part
def _count_amount_bytes(cents):
    """Return the bytes of an amount: digits of whole euros, a point, two decimals."""
    size, euros = 4, cents // 1000
    while euros:
        size += 1
        euros //= 10
    return size


@part
def _write_amount(out, at, cents):
    end = at + _count_amount_bytes(cents)
    out[as_position(end - 1)] = _ZERO + cents % 10
    out[as_position(end - 2)] = _ZERO + cents // 10 % 10
    out[as_position(end - 3)] = _POINT
    euros = cents // 100
    for place in range(end - at - 3):
        out[as_position(end - 4 - place)] = _ZERO + euros % 10
        euros //= 10
    return end


@part
def _write_text(out, at, data, start, end):
    for place in range(np.int64(end) - np.int64(start)):
        out[as_position(at + place)] = data[as_position(start + place)]
    return at + np.int64(end) - np.int64(start)


@part
def _write_piece(out, at, pieces, piece):
    return _write_text(out, at, pieces.data, pieces.start[piece], pieces.start[piece + 1])


@part
def _count_piece_bytes(pieces, piece):
    return np.int64(pieces.start[piece + 1]) - np.int64(pieces.start[piece])


@kernel(reads(Transfers), reads(TransferTemplate), fills(TransferSizes))
def measure_transfers(transfers, pieces, sizes):
    """Compute the bytes that each transfer takes.

    Reads     transfers       n rows; amounts of at least one cent
              pieces          eleven
    Fills     sizes           n rows
    Order     rows are independent
    Outcomes  none; never raises
    Overflow  impossible: each text stays below 2**20 bytes
    Cost      O(n), one pass
    Oracle    tests.oracle.transfer_xml.measure_transfers
    """
    fixed_bytes = np.int64(END_TO_END_BYTES)
    for piece in _REQUIRED_PIECES:
        fixed_bytes += _count_piece_bytes(pieces, piece)
    bank_pieces = _count_piece_bytes(pieces, _BANK) + _count_piece_bytes(pieces, _BANK_END)
    text_pieces = _count_piece_bytes(pieces, _TEXT) + _count_piece_bytes(pieces, _TEXT_END)
    for row in range(transfers.amount.size):
        bic_bytes = np.int64(transfers.bic_end[row]) - transfers.bic_start[row]
        text_bytes = np.int64(transfers.remittance_end[row]) - transfers.remittance_start[row]
        size = fixed_bytes + _count_amount_bytes(transfers.amount[row]) + bic_bytes + text_bytes
        size += np.int64(transfers.name_end[row]) - transfers.name_start[row]
        size += np.int64(transfers.iban_end[row]) - transfers.iban_start[row]
        size += bank_pieces if bic_bytes else 0
        size += text_pieces if text_bytes else 0
        sizes.bytes[row] = size


@kernel(reads(Transfers), reads(TransferTexts), reads(TransferTemplate), fills_column(Byte))
def write_transfers(transfers, texts, pieces, out):
    """Write each transfer: its values in order, each after its piece; bank and remittance only if given.

    Reads     transfers, texts    n rows
              pieces              eleven
    Fills     out                 exactly as many bytes as ``measure_transfers`` computes
    Order     row order
    Outcomes  none; never raises
    Overflow  impossible: amounts stay below 2**63 cents, positions below the size of ``out``
    Cost      O(bytes), one pass
    Oracle    tests.oracle.transfer_xml.write_transfers
    """
    rows, texts, pieces, out = borrow(transfers), borrow(texts), borrow(pieces), borrow(out)
    at = np.int64(0)
    for row in range(rows.amount.size):
        at = write_identifier(out, _write_piece(out, at, pieces, _IDENTIFIER), rows.number[row])
        at = _write_amount(out, _write_piece(out, at, pieces, _AMOUNT), rows.amount[row])
        at = _write_piece(out, at, pieces, _AMOUNT_END)
        if rows.bic_end[row] > rows.bic_start[row]:
            at = _write_piece(out, at, pieces, _BANK)
            at = _write_text(out, at, texts.bic, rows.bic_start[row], rows.bic_end[row])
            at = _write_piece(out, at, pieces, _BANK_END)
        at = _write_piece(out, at, pieces, _NAME)
        at = _write_text(out, at, texts.name, rows.name_start[row], rows.name_end[row])
        at = _write_piece(out, at, pieces, _ACCOUNT)
        at = _write_text(out, at, texts.iban, rows.iban_start[row], rows.iban_end[row])
        at = _write_piece(out, at, pieces, _ACCOUNT_END)
        if rows.remittance_end[row] > rows.remittance_start[row]:
            at = _write_piece(out, at, pieces, _TEXT)
            at = _write_text(out, at, texts.remittance, rows.remittance_start[row], rows.remittance_end[row])
            at = _write_piece(out, at, pieces, _TEXT_END)
        at = _write_piece(out, at, pieces, _END)
