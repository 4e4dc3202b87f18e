"""Which tables a batch leaves rows in: the fixed columns of each, and the texts behind them."""

from collections.abc import Mapping

from core.tables.journal import (
    AccountBalances,
    Duplicates,
    Entries,
    NewCells,
    NewPayees,
    NodeBalances,
    Refusals,
    RequestPages,
)
from core.tables.raw_lines import FormRows

TABLES: Mapping[str, tuple[type, tuple[str, ...]]] = {
    "entry": (Entries, ("reference",)),
    "refusal": (Refusals, ("reference", "found")),
    "duplicate": (Duplicates, ()),
    "payee": (NewPayees, ("code", "name", "iban", "bic")),
    "cell": (NewCells, ()),
    "request_detail": (RequestPages, ("page",)),
    "form": (FormRows, ("body",)),
    "node_balance": (NodeBalances, ()),
    "account_balance": (AccountBalances, ()),
}
