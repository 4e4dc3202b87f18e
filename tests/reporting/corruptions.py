"""Direct changes of stored rows, and the place where verification must find each."""

from typing import NamedTuple

from core.catalog import KIND_NUMBERS


class Corruption(NamedTuple):
    """A change, and the places where it must be found; ``{it}`` is the result of ``choice``."""

    name: str
    choice: str
    change: str
    finding_places: dict[str, str]
    """By check: the start of the place of one finding."""


def _insert_decision(row: str, *, after_batch: int) -> str:
    """Return the statement that inserts a decision about a month, with effect after a batch."""
    return f"""with new_decision as (
        insert into period_decision (exercise, month, accountant, action, reason, by, key)
        {row} returning decision
    ) insert into period_effect select decision, {after_batch} from new_decision"""


PAID = "select max(entry_id) from entry where kind = 16"
FOLLOWER = "select max(entry_id) from entry where kind = 14"

CORRUPTIONS = (
    Corruption(
        "an amount changed",
        PAID,
        "update entry set amount = amount + 100 where entry_id = {it}",
        {
            "chain": "batch ",
            "batch_counts": "batch ",
            "node_balances": "0",
            "account_balances": "4",
            "progress": "submission ",
        },
    ),
    Corruption(
        "an entry deleted",
        PAID,
        "delete from entry where entry_id = {it}",
        {"chain": "batch ", "entry_ids": "batch ", "batch_counts": "batch ", "outcomes": "submission "},
    ),
    Corruption(
        "an entry added",
        PAID,
        "insert into entry select * from entry where entry_id = {it}",
        {"chain": "batch ", "entry_ids": "entry {it}", "outcomes": "line "},
    ),
    Corruption(
        "two entries swapped",
        "select min(a.entry_id) from entry a join entry b on b.entry_id = a.entry_id + 1"
        " where a.kind = 16 and b.kind = 16 and a.cell <> b.cell",
        "update entry set entry_id = 2 * {it} + 1 - entry_id where entry_id in ({it}, {it} + 1)",
        {"chain": "batch "},
    ),
    Corruption(
        "a node's balance changed",
        "select max(batch) from node_balance",
        "update node_balance set ae_reserved = ae_reserved + 1 where batch = {it}",
        {"node_balances": "0"},
    ),
    Corruption(
        "a node's earlier balance changed",
        "select min(batch) from node_balance",
        "update node_balance set cp_opened = cp_opened - 1 where batch = {it}",
        {"node_balances": "0"},
    ),
    Corruption(
        "a node's balance deleted",
        "select max(batch) from node_balance",
        "delete from node_balance where batch = {it}",
        {"node_balances_stored": "0"},
    ),
    Corruption(
        "an account's balance changed",
        "select max(batch) from account_balance",
        "update account_balance set debit = debit + 1 where batch = {it} and debit > 0",
        {"account_balances": "", "trial_balance": "period 2018-"},
    ),
    Corruption(
        "an accountant's balance booked to another",
        "select max(batch) from account_balance",
        "update account_balance set accountant = accountant % 3 + 1 where batch = {it}",
        {"account_balances": "", "account_balances_stored": ""},
    ),
    Corruption(
        "the accountant of an entry changed",
        FOLLOWER,
        "update entry set accountant = accountant % 3 + 1 where entry_id = {it}",
        {
            "chain": "batch ",
            "accountants": "entry {it}",
            "predecessors": "entry {it}",
            "account_balances": "",
        },
    ),
    Corruption(
        "an entry in nobody's books",
        PAID,
        "update entry set accountant = 0 where entry_id = {it}",
        {"accountants": "entry {it}"},
    ),
    Corruption(
        "an account's balance deleted",
        "select max(batch) from account_balance",
        "delete from account_balance where batch = {it}",
        {"account_balances_stored": ""},
    ),
    Corruption(
        "a hash changed",
        "select 3",
        "update batch set chain = sha256('other') where batch = {it}",
        {"chain": "batch {it}, its hash"},
    ),
    Corruption(
        "the last hash changed",
        "select max(batch) from batch",
        "update batch set chain = sha256('other') where batch = {it}",
        {"chain": "batch {it}"},
    ),
    Corruption(
        "a batch's count changed",
        "select 3",
        "update batch set entries = entries + 1 where batch = {it}",
        {"batch_counts": "batch {it}"},
    ),
    Corruption(
        "a batch's first entry changed",
        "select 3",
        "update batch set first_entry = first_entry + 1 where batch = {it}",
        {"batches": "batch {it}"},
    ),
    Corruption(
        "a batch deleted", "select 3", "delete from batch where batch = {it}", {"batches": "batch {it}"}
    ),
    Corruption(
        "the last batch deleted",
        "select max(batch) from batch",
        "delete from batch where batch = {it}",
        {"batches": "engine", "strays": ""},
    ),
    Corruption(
        "a refusal added where its batch states none",
        "select min(batch) from batch where refusals = 0",
        "insert into refusal select {it}, 0, submission, 0, 10, 0, kind, 0, 0, 0, reference, '' from entry limit 1",
        {"chain": "batch {it}", "batch_counts": "batch {it}", "outcomes": "line 1 of submission "},
    ),
    Corruption(
        "duplicates that no batch states",
        "select max(batch) from duplicate",
        "update batch set duplicates = 0 where duplicates > 0 and {it} > 0",
        {"strays": "duplicate", "chain": "batch {it}"},
    ),
    Corruption(
        "a refusal deleted",
        "select max(submission) from refusal",
        "delete from refusal where submission = {it}",
        {
            "chain": "batch ",
            "batch_counts": "batch ",
            "outcomes": "submission {it}",
            "progress": "submission {it}",
        },
    ),
    Corruption(
        "a refusal's reason changed",
        "select batch from refusal limit 1",
        "update refusal set code = 40 where batch = {it}",
        {"chain": "batch {it}"},
    ),
    Corruption(
        "progress changed",
        "select max(submission) from progress",
        "update progress set accepted = accepted + 1, refused = refused - 1 where submission = {it}",
        {"progress": "submission {it} "},
    ),
    Corruption(
        "progress deleted",
        "select max(submission) from progress",
        "delete from progress where submission = {it}",
        {"progress": "submission {it} "},
    ),
    Corruption(
        "a stage changed",
        "select submission from progress where pass = 1 and done order by submission desc limit 1",
        "update progress set next_line = next_line - 1 where submission = {it}",
        {"stages": "submission {it} "},
    ),
    Corruption(
        "an end undone",
        "select submission from progress where done order by submission desc limit 1",
        "update progress set done = false where submission = {it}",
        {"stages": "submission {it} "},
    ),
    Corruption(
        "a cancellation of what was decided",
        "select max(submission) from progress",
        "insert into cancellation values ({it}, '', '')",
        {"cancellations": "submission {it}"},
    ),
    Corruption(
        "a declaration changed",
        "select max(submission) from submission",
        "update submission set declared_cents = declared_cents + 1 where submission = {it}",
        {"declarations": "submission {it}"},
    ),
    Corruption(
        "a submission deleted",
        "select max(submission) from entry",
        "delete from submission where submission = {it}",
        {"submissions_known": "submission {it}"},
    ),
    Corruption(
        "a predecessor changed",
        FOLLOWER,
        "update entry set predecessor = 1 where entry_id = {it}",
        {"predecessors": "entry {it} ("},
    ),
    Corruption(
        "a service raised over its commitment",
        "select min(entry_id) from entry where kind = 12",
        "update entry set amount = amount + 1000000000 where entry_id = {it}",
        {"commitments": "entry "},
    ),
    Corruption(
        "a rejection raised over its request",
        "select min(predecessor) from entry where kind = 17",
        "update entry set amount = amount + 1000000000 where predecessor = {it} and kind = 17",
        {"open_items": "entry {it} ("},
    ),
    Corruption(
        "a payment raised over its budget",
        "select max(e.entry_id) from entry e join cell c on c.cell = e.cell where e.kind = 16 and c.item > 2",
        "update entry set amount = amount + 100000000000000 where entry_id = {it}",
        {"availability": "0"},
    ),
    Corruption(
        "an opening lowered",
        "select min(entry_id) from entry where kind = 2",
        "update entry set amount = 1 where entry_id = {it}",
        {"allotments": "0"},
    ),
    Corruption(
        "a reference used twice",
        "select min(a.entry_id) from entry a where a.kind = 16 and exists"
        " (select from entry b where b.kind = 16 and b.submission = a.submission and b.entry_id > a.entry_id + 9)",
        "update entry set reference = (select reference from entry where entry_id = {it}) where entry_id ="
        " (select max(entry_id) from entry where kind = 16 and submission ="
        " (select submission from entry where entry_id = {it}))",
        {"keys": "reference "},
    ),
    Corruption(
        "a payee changed",
        PAID,
        "update entry set payee = 99999 where entry_id = {it}",
        {"payees_known": "entry {it} ("},
    ),
    Corruption("a payee deleted", "select 10", "delete from payee where payee = {it}", {"numbers": "payee"}),
    Corruption(
        "a cell changed",
        PAID,
        "update entry set cell = 99999 where entry_id = {it}",
        {"cells_known": "entry {it} ("},
    ),
    Corruption(
        "the functional area of another programme",
        "select min(cell) from cell where area > 0",
        "update cell set area = (select min(o.area) from cell o join reference_text t on t.kind = 2 and t.id = o.area"
        " where left(t.code, 4) <> (select left(a.code, 4) from cell c join reference_text a on a.kind = 2 and a.id = c.area"
        " where c.cell = {it})) where cell = {it}",
        {"assignment_parts": "cell {it}"},
    ),
    Corruption(
        "the fund of another programme",
        "select min(cell) from cell c join reference_text t on t.kind = 1 and t.id = c.centre where left(t.code, 4) <> '0203'",
        "update cell set fund = (select id from reference_text where kind = 4 and code = '1-1-00733') where cell = {it}",
        {"assignment_parts": "cell {it}"},
    ),
    Corruption(
        "the operation of another fund centre",
        "select min(cell) from cell where operation = 0 and area > 0",
        "update cell set operation = (select max(id) from reference_text where kind = 1 and code like 'OP-%')"
        " where cell = {it}",
        {"assignment_parts": "cell {it}"},
    ),
    Corruption(
        "a code changed",
        "select centre from cell limit 1",
        "update reference_text set code = 'XXXX' where kind = 1 and id = {it}",
        {"cells_known": "cell "},
    ),
    Corruption(
        "an account left out",
        PAID,
        "update entry set debit = 0 where entry_id = {it}",
        {"accounts_known": "entry {it} ("},
    ),
    Corruption(
        "an account that the chart of the year does not have",
        "select debit from entry where kind = 16 limit 1",
        "update reference_text set code = '6280000000' where kind = 5 and id = {it}",
        {"accounts_charted": "entry ", "accounts_by_role": "entry "},
    ),
    Corruption(
        "a request credited to the account of returned transfers",
        PAID,
        "update entry set credit = (select id from reference_text where kind = 5 and code = '4671518000')"
        " where entry_id = {it}",
        {"accounts_by_role": "entry {it} ("},
    ),
    Corruption(
        "a rejection debited to another account than its request is owed on",
        "select max(entry_id) from entry where kind = 17",
        "update entry set debit = (select id from reference_text where kind = 5 and code = '4671518000')"
        " where entry_id = {it}",
        {"item_balances": "4011100000 of "},
    ),
    Corruption(
        "a request that clears another account than its service is on",
        FOLLOWER,
        "update entry set debit = credit where entry_id = {it}",
        {"item_balances": "4081000000 of "},
    ),
    Corruption(
        "a day changed",
        PAID,
        "update entry set day = '2017-01-01' where entry_id = {it}",
        {"periods": "entry {it} ("},
    ),
    Corruption(
        "a month that was closed before its entries",
        PAID,
        _insert_decision(
            "select exercise, month, accountant, 'close', 'planted', 'Bob', '' from entry where entry_id = {it}",
            after_batch=0,
        ),
        {"periods": "entry "},
    ),
    Corruption(
        "a month locked while it is open",
        "select max(exercise) from period_start",
        _insert_decision("values ({it}, 1, 0, 'lock', 'planted', 'Bob', '')", after_batch=0),
        {"period_decisions": "decision "},
    ),
    Corruption(
        "a decision after the last batch",
        "select max(exercise) from period_start",
        _insert_decision("values ({it}, 12, 0, 'reopen', 'planted', 'Bob', '')", after_batch=99999),
        {"period_decisions": "decision "},
    ),
    Corruption(
        "an act dated before what it follows",
        "select max(e.entry_id) from entry e join entry p on p.entry_id = e.predecessor where p.day > '2018-01-01'",
        "update entry set day = '2018-01-01' where entry_id = {it}",
        {"dates_after_predecessors": "entry {it} ("},
    ),
    Corruption(
        "a request dated after its year",
        PAID,
        "update entry set day = '2019-01-02' where entry_id = {it}",
        {"budget_years": "entry {it} (", "last_order_dates": "entry {it} ("},
    ),
    Corruption(
        "AE set apart after their year",
        f"select max(entry_id) from entry where kind = {KIND_NUMBERS['earmark']}",
        "update entry set day = '2019-01-02', month = 12 where entry_id = {it}",
        {"budget_years": "entry {it} ("},
    ),
    Corruption(
        "a commitment in advance of its year, without a quarter",
        "select min(entry_id) from entry where kind = 9",
        "update entry set day = '2017-12-15' where entry_id = {it}",
        {"anticipation": "entry {it} (", "title_balances": "0"},
    ),
    Corruption(
        "a title's balance raised",
        "select min(batch) from title_balance",
        "update title_balance set opened = opened + 1 where batch = {it}",
        {"title_balances": "0"},
    ),
    Corruption(
        "a title's balance deleted",
        "select min(batch) from title_balance",
        "delete from title_balance where batch = {it}",
        {"title_balances": "0"},
    ),
    Corruption(
        "a rejection turned into a void",
        "select max(entry_id) from entry where kind = 17",
        f"update entry set kind = {KIND_NUMBERS['void']} where entry_id = {{it}}",
        {"voids": "entry {it} ("},
    ),
    Corruption(
        "a page of requests changed",
        "select min(entry_id) from request_detail",
        "update request_detail set page = set_byte(page, octet_length(page) - 1, 0) where entry_id = {it}",
        {"chain": "batch "},
    ),
    Corruption(
        "a page of requests cut",
        "select max(entry_id) from request_detail",
        "update request_detail set page = substr(page, 1, octet_length(page) - 1) where entry_id = {it}",
        {"chain": "batch ", "requests_known": "page of entry {it}"},
    ),
    Corruption(
        "a line of a page given to another entry",
        "select max(entry_id) from request_detail where requests > 1",
        "update request_detail set page = set_byte(page, 6, 1) where entry_id = {it}",
        {"chain": "batch ", "requests_known": "page of entry {it}"},
    ),
    Corruption(
        "a page of requests deleted",
        "select max(entry_id) from request_detail",
        "delete from request_detail where entry_id = {it}",
        {"chain": "batch ", "batch_counts": "batch "},
    ),
    Corruption(
        "a duplicate changed",
        "select max(submission) from duplicate",
        "update duplicate set entry_id = 99999 where submission = {it}",
        {"duplicates_known": "batch "},
    ),
)


HOSTILE = (
    "update request_detail set page = '', requests = 2147483647, last_entry = -1",
    "update request_detail set page = decode(repeat('ff', 999), 'hex')",
    "update request_detail set entry_id = entry_id + 1",
    "update entry set kind = 99",
    "update entry set amount = 9223372036854775807 where kind = 16",
    "update entry set cell = -5, payee = -5, submission = -5, exercise = -1, month = 99",
    "update entry set day = 'infinity', source = -77",
    "delete from entry",
    "update batch set entries = -5, refusals = 2147483647",
    "update batch set first_entry = 9223372036854775000",
    "update batch set batch = -batch",
    "delete from batch",
    "update node_balance set node = -1",
    "update account_balance set period = -1, account = -1",
    "update cell set budget_year = -7, centre = 0",
    "update refusal set code = 99, kind = 99, node = -5, field = 88",
    "update duplicate set line = -1",
    "update held set lines = 1000000",
    "update submission set declared_lines = 9000000000000",
    "update progress set batch = batch + 1000, pass = -1, next_line = -5",
    "delete from reference_text",
    "delete from engine",
)
"""Changes so gross that a verification which took anything for granted would fall over."""
