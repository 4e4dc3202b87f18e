"""The messages of the bank in ``docs/closing-year.md``: a notice for each of its acts, and statements of the whole year."""

from pathlib import Path

from posting.store import ledger_identity
from settlement.orders.end_to_end import format_identifier
from tests.closing import closing_page
from tests.closing.closing_page import EntryName, list_rows
from tests.databases import open_connection
from tests.file_strategies import Row
from tests.service.small_state import State
from tests.settlement.camt_messages import balance, creditor_reference, detail, document, entry, statement

BANK = "bank"
_SIGNS = {"bank_debit": "DBIT", "bank_return": "CRDT", "receipt": "CRDT"}
_LETTERS = {"bank_debit": "D", "bank_return": "R"}
"""First letters of the references that the engine gives to what the bank reports."""
_DUPLICATE = "AM05"
"""The reason of a return after which no debt is open again until an accountant says so."""
_NOTICE = (
    ("camt.053", "camt.054"),
    ("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn"),
    ("Stmt>", "Ntfctn>"),
)
"""What a notice has in place of a statement."""


def list_movements(row: Row) -> list[Row]:
    """Return the acts of the page that moved the account of a statement by its day."""
    return [
        act
        for act in list_rows("act")
        if act["kind"] in _SIGNS
        and act["date"] <= row["day"]
        and closing_page.find_place(act["place"])["accountant"] == row["statement"]
    ]


async def import_notice(state: State, reference: str) -> None:
    """Import the notice of an act of the bank, which posts that act alone."""
    row = _find_act(reference)
    accountant = closing_page.find_place(row["place"])["accountant"]
    account = next(other["iban"] for other in list_rows("statement") if other["statement"] == accountant)
    text = document(statement(await _build_entry(state, row), identity=f"N-{reference}", account=account))
    for old, new in _NOTICE:
        text = text.replace(old, new)
    assert await _import(state, f"N-{reference}", text) == 1


async def import_statement(state: State, row: Row) -> None:
    """Import a statement of the page, of which the books have every movement: it posts nothing."""
    sums = [
        balance(code, *_split_sign(row[column]), day=row["day"])
        for code, column in (("OPBD", "opening"), ("CLBD", "closing"))
    ]
    entries = [await _build_entry(state, act) for act in list_movements(row)]
    identity = f"S-{row['statement']}"
    text = document(statement(*sums, *entries, identity=identity, account=row["iban"]))
    assert await _import(state, identity, text) == 0


async def _import(state: State, name: str, text: str) -> int:
    """Import a message, and return how many entries it posted."""
    path = Path(state.folder, f"{name}.xml")
    path.write_text(text, encoding="utf-8")
    (before,) = await state.fetch("select count(*) as entries from entry")
    assert (await state.import_files([path])).rejected == []
    (after,) = await state.fetch("select count(*) as entries from entry")
    return after["entries"] - before["entries"]


async def _build_entry(state: State, row: Row) -> str:
    """Build the movement of an act: a receipt names its receivable, all others their transfer."""
    if row["kind"] == "receipt":
        words = detail(remittance=creditor_reference(row["predecessor"]))
    else:
        async with open_connection(state.dsn) as connection:
            ledger = await ledger_identity.read_number(connection)
        reason = _DUPLICATE if row["kind"] == "bank_return" else ""
        words = detail(format_identifier(await _find_transfer(state, row), ledger), reason=reason)
    return entry(row["amount"], _SIGNS[row["kind"]], [words], day=row["date"])


async def find_reference(state: State, name: EntryName) -> str:
    """Return the reference in the journal of what the page names: the engine itself names what the bank reports."""
    row = _find_act(name.reference)
    return (
        f"{_LETTERS[row['kind']]}{await _find_transfer(state, row)}"
        if row["sender"] == BANK
        else name.reference
    )


async def _find_transfer(state: State, row: Row) -> int:
    """Return the entry of the transfer that the bank debited or returned."""
    before = row["predecessor"].partition("/")[0]
    payment = _find_act(before)["predecessor"] if row["kind"] == "bank_return" else before
    (transfer,) = await state.fetch("select entry_id from entry where reference = $1", payment)
    return transfer["entry_id"]


def _find_act(reference: str) -> Row:
    return next(row for row in list_rows("act") if row["reference"] == reference)


def _split_sign(amount: str) -> tuple[str, str]:
    return amount.removeprefix("-"), "DBIT" if amount.startswith("-") else "CRDT"
