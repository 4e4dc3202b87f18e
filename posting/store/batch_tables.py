"""The tables to which a batch adds rows: the fixed columns of each, and the text columns after them."""

from collections.abc import Mapping
from typing import NamedTuple

from core.tables.decree_balances import DecreeBalances
from core.tables.document_ranges import DocumentRanges
from core.tables.frozen_balances import FrozenBalances
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
from core.tables.periods import PeriodEffects
from core.tables.raw_lines import FormRows
from core.tables.signatures import AgreementUses, DetailsEvidence, DirectoryEffects, EntrySignatures
from core.tables.special_balances import SpecialBalances
from core.tables.title_balances import TitleBalances
from core.tables.withdrawn_balances import WithdrawnBalances


class BatchTable(NamedTuple):
    """The columns of a table."""

    fixed: type
    texts: tuple[str, ...] = ()


TABLES: Mapping[str, BatchTable] = {
    "entry": BatchTable(Entries, ("reference",)),
    "refusal": BatchTable(Refusals, ("reference", "found")),
    "duplicate": BatchTable(Duplicates),
    "payee": BatchTable(NewPayees, ("code", "name", "iban", "bic")),
    "cell": BatchTable(NewCells),
    "request_detail": BatchTable(RequestPages, ("page",)),
    "form": BatchTable(FormRows, ("body",)),
    "node_balance": BatchTable(NodeBalances),
    "frozen_balance": BatchTable(FrozenBalances),
    "title_balance": BatchTable(TitleBalances),
    "withdrawn_balance": BatchTable(WithdrawnBalances),
    "decree_balance": BatchTable(DecreeBalances),
    "special_balance": BatchTable(SpecialBalances),
    "account_balance": BatchTable(AccountBalances),
    "document_range": BatchTable(DocumentRanges, ("starts",)),
    "period_effect": BatchTable(PeriodEffects),
    "entry_signature": BatchTable(EntrySignatures),
    "agreement_use": BatchTable(AgreementUses),
    "details_evidence": BatchTable(DetailsEvidence, ("evidence_hash", "call_back")),
    "directory_effect": BatchTable(DirectoryEffects),
}
