"""Packing of columns into records: one pass that reads every column in order and writes each record at once."""

from core.tables.journal import Acts
from kernels.jit import borrow, fills_records, kernel, reads


@kernel(reads(Acts), fills_records(Acts))
def pack_records(columns, records):
    """Pack the columns of acts into records.

    Reads     columns    n rows each
    Fills     records    n records
    Order     rows are independent
    Outcomes  none; never raises
    Overflow  none: every field has its column's type
    Cost      O(n), one pass
    Oracle    tests.oracle.record_packing.pack_records
    """
    records = borrow(records)
    amount, key_high, content, previous_high = (
        columns.amount,
        columns.key_high,
        columns.content,
        columns.previous_high,
    )
    payee_high, bank, head, period = columns.payee_high, columns.bank, columns.head, columns.period
    day, cell, source = columns.day, columns.cell, columns.source
    key_low, previous_low = columns.key_low, columns.previous_low
    previous_line, payee_low, account = columns.previous_line, columns.payee_low, columns.account
    signature = columns.signature
    invoice_high, invoice_low, invoice_part = columns.invoice_high, columns.invoice_low, columns.invoice_part
    invoice_day, nature, kind, fault = columns.invoice_day, columns.nature, columns.kind, columns.fault
    state_payee = columns.state_payee
    for row in range(amount.size):
        act = records[row]
        act.amount, act.key_high, act.content = amount[row], key_high[row], content[row]
        act.previous_high, act.payee_high, act.bank = previous_high[row], payee_high[row], bank[row]
        act.head, act.period, act.day = head[row], period[row], day[row]
        act.cell, act.source = cell[row], source[row]
        act.key_low, act.previous_low, act.previous_line = key_low[row], previous_low[row], previous_line[row]
        act.payee_low, act.signature, act.account = payee_low[row], signature[row], account[row]
        act.invoice_high, act.invoice_low, act.invoice_part = (
            invoice_high[row],
            invoice_low[row],
            invoice_part[row],
        )
        act.invoice_day, act.nature = invoice_day[row], nature[row]
        act.state_payee, act.kind, act.fault = state_payee[row], kind[row], fault[row]
