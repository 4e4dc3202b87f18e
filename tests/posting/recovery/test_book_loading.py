"""Loading of the book from a real database: everything committed is restored, with and without checkpoints."""

import asyncio
import logging
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import asynccontextmanager
from itertools import count

import asyncpg
import numpy as np
import pytest

from core.catalog import list_kinds
from core.errors import BookMoved, DatabaseUnfit, LedgerOutdated
from core.stage_timing import StageTimes
from ingest.queue.dry_run_feed import DryRunFeed
from posting.batch import Batch, Submission
from posting.book import checkpoint
from posting.book.book_state import BookState
from posting.book.checkpoint import NO_CHECKPOINT, CheckpointSnapshot
from posting.pipeline import Pipeline
from posting.pipeline_settings import PipelineSettings
from posting.recovery import book_loading, invoice_replay, journal_replay
from posting.recovery.book_loading import LoadedBook
from posting.store import copy_out
from posting.store.journal_store import PostgresStore
from posting.store.submission_rows import NewSubmission
from tests.accountants import CHANGE_FIELDS
from tests.file_strategies import File, Row, build_openings
from tests.oracle.iban import add_check_digits
from tests.posting.book.test_checkpoint import build_filled_book
from tests.posting.ledger_sums import read_sums
from tests.posting.text_engine import SENDER, TextEngine, build_registry, load_reference

_PLACE = {"fund_centre": "0217-SGAC-IMMO", "functional_area": "0217-07", "commitment_item": "51"}

_CENTRE = {"fund_centre": _PLACE["fund_centre"]}
_SERVED = {"fund_centre": "0177-D075-DD75", "functional_area": "0177-12", "commitment_item": "31"}
"""It has an invoice service from 1 June 2018 on."""
_FUND = {"fund_centre": "0217", "commitment_item": "HT2", "fund": "1-1-00733"}


@asynccontextmanager
async def _held(dsn: str) -> AsyncIterator[tuple[PostgresStore, LoadedBook]]:
    async with PostgresStore(dsn).own_lease("test") as store:
        yield store, await book_loading.load_book(store, load_reference())


class Work:
    """Processes files one after the other, each as a batch, on a loaded book."""

    def __init__(self, store: PostgresStore, loaded: LoadedBook) -> None:
        self.harness, self._store, self.mark = TextEngine(loaded), store, loaded.last_checkpoint
        self._done = asyncio.Event()
        self._done.set()

    async def present(self, rows: File) -> None:
        """Decide and commit one file."""
        piece = self.harness.build_piece(rows, await _submission(self._store, self.harness, len(rows)))
        outcome = self.harness.evaluate(piece)
        await self._store.commit(await self._store.borrow_copier(), outcome, self._done)

    async def checkpoint(self) -> None:
        """Store the pages that changed since the last one."""
        snapshot = checkpoint.take_snapshot(self.harness.state, self.harness.engine.head.batch, self.mark)
        self.mark = snapshot.extent
        await self._store.save_checkpoint(snapshot)


_files = count(1)


async def _submission(store: PostgresStore, harness: TextEngine, lines: int) -> Submission:
    number = await store.number_sender(harness.state.registry.numbers, "ministry")
    assert number == SENDER.number
    name = f"file {next(_files)}"
    submission = await store.register_submission(
        NewSubmission("ministry", name, name.encode().ljust(32), name, "csv", 1, 1, lines, 0, None)
    )
    assert submission
    return submission


def _act(reference_: str, kind: str, *lines: Row) -> File:
    common = {"reference": reference_, "kind": kind, "exercise": "2018", "date": "2018-05-02"}
    return [common | {"line": str(number)} | line for number, line in enumerate(lines, 1)]


def _payee(number: int) -> Row:
    return {"payee": f"P{number}", "payee_name": "Ets Né", "iban": add_check_digits("FR", f"{number:023}")}


def _spent(cents: str, **changes: str) -> Row:
    return _PLACE | {"amount": cents} | changes


def _due(amount: str, nature: str) -> Row:
    return {"fund_centre": "0217-SGAC-ASPR", "commitment_item": nature, "payee": "P1", "amount": amount}


def _build_follower(predecessor: str, amount: str, **changes: str) -> Row:
    return {"predecessor": predecessor, "amount": amount} | changes


def _lower_credits(measure: str) -> File:
    """Return credits of a unit to its programme, where some are cancelled, some frozen, and some of those unfrozen."""
    steps = (
        ("credit_return", "0217-SGAC-ASPR", "1.00"),
        ("credit_return", "0217-SGAC", "1.00"),
        ("cancellation", "0217", "0.50"),
        ("freeze", "0217", "0.25"),
        ("unfreeze", "0217", "0.10"),
    )
    return [
        row
        for number, (kind, centre, amount) in enumerate(steps, 1)
        for row in _act(
            f"LC-{measure}-{number}",
            f"{kind}_{measure}",
            {"fund_centre": centre, "commitment_item": "HT2", "amount": amount},
        )
    ]


_YEAR_BEFORE = {"exercise": "2019", "date": "2019-01-21", "budget_year": "2018"}


def _follow_year(measure: str) -> File:
    """Unfreeze, carry and annul credits of a programme once its year is over."""
    place = {"fund_centre": "0217", "commitment_item": "HT2", "amount": "0.01"}
    arrival = place | _YEAR_BEFORE | {"budget_year": "2019", "kind": f"carryover_in_{measure}"}
    return [
        *_act(f"UG-{measure}", f"unused_unfreeze_{measure}", place | _YEAR_BEFORE),
        *_act(f"UR-{measure}", f"carryover_out_{measure}", place | _YEAR_BEFORE, arrival),
        *_act(f"UA-{measure}", f"unused_cancellation_{measure}", place | _YEAR_BEFORE),
    ]


def _follow_decrees(measure: str) -> File:
    """Move credits of a programme to two others by decree, and cancel some."""
    steps = (
        ("virement", "0177", "0217"),
        ("decree_transfer", "0117", "0217"),
        ("decree_cancellation", "0217", ""),
    )
    return [
        row
        for number, (kind, centre, counterpart) in enumerate(steps, 1)
        for row in _act(
            f"DE-{measure}-{number}",
            f"{kind}_{measure}",
            {"fund_centre": centre, "commitment_item": "HT2", "amount": "0.10", "document_hash": "5e"}
            | ({"counterpart": counterpart} if counterpart else {}),
        )
    ]


_PERSONS = {name: CHANGE_FIELDS[name] for name in ("entered_by", "validated_by")}
_JOURNAL = (
    _spent("7.00", account="6222000000", **_PERSONS),
    _spent("7.00", account="6188000000", kind="journal_credit", **_PERSONS),
)
_SUSPENSE = (
    _spent("7.00", account="4731000000", **_PERSONS),
    _spent("7.00", account="4721000000", kind="journal_credit", **_PERSONS),
)
_CLEARING = (
    _spent("3.00", account="4721000000", predecessor="OD2#2", **_PERSONS),
    _spent("3.00", account="6188000000", kind="journal_credit", **_PERSONS),
)
_CLEARING_CREDIT = (
    _spent("2.00", account="4731000000", predecessor="OD2", **_PERSONS),
    _spent("2.00", account="6188000000", kind="journal_debit", **_PERSONS),
)
_OPENING = tuple(
    {"fund_centre": "0217", "account": account, "amount": "7.00", "kind": kind}
    for kind, account in (("opening_debit", "4721000000"), ("opening_credit", "8900009999"))
)
_RESULT = tuple(
    {"fund_centre": "0217", "account": account, "amount": "7.00", "kind": kind, "date": "2018-12-31"}
    for kind, account in (("result_debit", "1200000000"), ("result_credit", "6222000000"))
)
_ALLOCATION_PLACE = {"fund_centre": "0217", "amount": "7.00", "exercise": "2019", "date": "2019-03-02"}
_ALLOCATION = (
    {**_ALLOCATION_PLACE, "kind": "result_allocation_credit", "account": "1200000000"},
    {**_ALLOCATION_PLACE, "kind": "result_allocation_debit", "account": "1100000000"},
)
_INVENTORY = {
    "accrual": "6188000000",
    "imprest_accrual": "6188000000",
    "prepaid_expense": "6188000000",
    "unsettled_advance": "6531230000",
    "accrued_income": "7280000000",
    "deferred_income": "7280000000",
    "provision": "6815128000",
}
"""The account that each kind of the inventory states."""
_INVOICE = {"invoice_number": "F-77", "invoice_date": "2018-04-20"}
_PART = _INVOICE | {"invoice_part": "2"}
_RUNNING_EXPENSES = {"fund_centre": "0217-SGAC-ASPR", "functional_area": "0217-07", "commitment_item": "31"}

_LAST_OF_BOTH_YEARS = 167 + len(build_openings())
"""The last entry before the items of suspense accounts, and their openings."""
_OPENED_ITEMS = (
    ("opening_item_debit", "4731000000", f"@{_LAST_OF_BOTH_YEARS + 1}"),
    ("opening_item_credit", "4721000000", f"@{_LAST_OF_BOTH_YEARS + 2}"),
    *(("opening_reduction_credit", "4731000000", "#1"), ("opening_reduction_debit", "4721000000", "#2")),
)
"""The kind of each line that opens an item or lowers its opening, its account, and what it names."""

_PENALTY = _LAST_OF_BOTH_YEARS + 2 + len(_OPENED_ITEMS) + 22
"""The entry of the penalty."""

_FIRST_COMMITMENT = f"@{len(build_openings()) + 5}"
"""The entry of the first line of EJ1."""
_FIRST_SERVICE = f"@{len(build_openings()) + 10}"
"""The entry of the service of that line."""
_FIRST_PAYROLL = f"@{len(build_openings()) + 15}"
_NEXT_YEAR = {"exercise": "2019", "date": "2019-01-20"}
_CARRY = {"exercise": "2019", "date": "2019-01-21", "reference_sender": "ministry"}
_OPENINGS_OF_NEXT_YEAR = [
    row | {"reference": f"N{row['reference']}"} | _NEXT_YEAR for row in build_openings()
]

FILES: list[File] = [
    build_openings(),
    [
        *_act("T1", "third_party", _payee(1), _payee(2)),
        *_act("T2", "third_party", _payee(3)),
        *_act("E1", "earmark", _spent("200.00", operation="OP-0217-000001", commitment_item="51")),
        *_act("EJ1", "commitment", _spent("50.00"), _spent("60.00"), _spent("7.00")),
        *_act("EJ2", "commitment", _spent("80.00", operation="OP-0217-000001")),
        *_act("EJ3", "commitment", _spent("99999.00")),
    ],
    [
        *_act("SF1", "service", _build_follower("EJ1#2", "40.00"), _build_follower("EJ1#1", "10.00")),
        *_act("SF2", "service", _build_follower("EJ2", "80.00")),
        *_act("DP1", "payment_request", _build_follower("EJ1#2", "15.00", payee="P2", **_INVOICE)),
        *_act("EJ1", "commitment", _spent("50.00"), _spent("60.00"), _spent("7.00")),
        *_act(
            "DP2",
            "direct_payment_request",
            _spent("5.00", payee="P1", **_INVOICE),
            _spent("6.00", payee="P3", **_INVOICE),
        ),
        *_act("PR1", "payroll", _spent("3.00", payee="P1", commitment_item="21")),
    ],
    [
        *_act("T3", "third_party", _payee(4)),
        *_act("SFX", "service_cancellation", _build_follower("SF1#1", "25.00")),
        *_act(
            "DPX",
            "payment_request_rejection",
            _build_follower("DP2#2", "6.00"),
            _build_follower("DP1", "1.00"),
        ),
        *_act("EJR", "commitment_decrease", _build_follower("EJ1#3", "7.00")),
        *_act("EJC", "commitment_increase", _build_follower("EJ2", "3.00")),
        *_act(
            "DP3",
            "payment_request_without_service",
            _build_follower("EJ1#1", "4.00", payee="P4", nature="location", **_PART),
        ),
        *_act(
            "DP4",
            "direct_payment_request",
            _spent("2.00", payee="P3", **_INVOICE),
            _spent("1.00", payee="P3", **_INVOICE),
        ),
        *_act("DP5", "direct_payment_request", _spent("6.00", payee="P3", **_INVOICE)),
        *_act("TS1", "term_suspension", {"predecessor": "DP3"}),
        *_act("M2", "budget_move_cp", _spent("1.00", counterpart="0217-SGAC-ASPR", commitment_item="HT2")),
        *_act("M1", "budget_move_ae", _spent("9.00", counterpart="0217-SGAC-ASPR", commitment_item="HT2")),
    ],
    [
        *_act("OP1", "attachment", _build_follower("DP1", "4.00", payee="P3")),
        *_act("CC1", "assignment", _build_follower("OP1", "1.00", payee="P4")),
        *_act(
            "LI1",
            "late_interest",
            _build_follower("DP1", "2.00", payee="P2", reason="A59", **_RUNNING_EXPENSES),
        ),
        *_act("PA0", "payment", _build_follower("DP3", "4.00")),  # it stands suspended
        *_act("TR1", "term_resumption", {"predecessor": "TS1"}),
        *_act(
            "PA1",
            "payment",
            _build_follower("DP1", "10.00"),
            _build_follower("OP1", "3.00"),
            _build_follower("DP3", "4.00"),
        ),
        *_act("PA2", "bank_debit", _build_follower("PA1", "10.00"), _build_follower("PA1#2", "3.00")),
        *_act("PA3", "bank_reject", _build_follower("PA1#3", "4.00")),
        *_act("SO1", "set_off", _build_follower("LI1", "0.50")),  # there is no receivable
        *_act("TS2", "term_suspension", {"predecessor": "LI1"}),
        *_act("BL1", "payee_block", {"payee": "P4"}, {"payee": "P2"}),
        *_act("BD1", "bank_details", _payee(1) | CHANGE_FIELDS | {"iban": _payee(7)["iban"]}),
    ],
    [
        *_act("T5", "third_party", _payee(5)),
        *_act("RE1", "bank_return", _build_follower("PA2#1", "10.00")),
        *_act("RE2", "return_identified", _build_follower("RE1", "10.00"), _build_follower("PA3", "4.00")),
        *_act("VO1", "void", _build_follower("RE2#2", "1.00")),  # there is no receivable
        *_act("BL2", "payee_release", {"payee": "P2"}),
        *_act("RE3", "reissue", _build_follower("RE2", "10.00", iban=_payee(2)["iban"])),
        *_act(
            "BD2",
            "bank_details",
            _payee(1) | CHANGE_FIELDS,
            _payee(5) | CHANGE_FIELDS | {"iban": _payee(9)["iban"]},
        ),
        *_act("PA4", "payment", _build_follower("DP2", "5.00", iban=_payee(7)["iban"])),
        *_act("PA5", "payment", _build_follower("DP2", "5.00", iban=_payee(1)["iban"])),
        *_act("PA6", "payment", _build_follower("CC1", "1.00")),
        *_act("PA7", "payment", _build_follower("LI1", "1.00")),
        *_act("DB5", "bank_debit", _build_follower("PA5", "5.00")),
        *_act(
            "RI1",
            "reassignment_origin",
            _build_follower("DB5", "4.00"),
            *(_spent(part, predecessor="#1", kind="reassignment_target") for part in ("3.00", "1.00")),
        ),
        *_act("EJ4", "commitment", _spent("4.00")),
        *_act("EJ4C", "commitment_increase", _build_follower("EJ4", "2.00")),
        *_act("EX1", "commitment_change_reversal", _build_follower("EJ4C", "2.00")),
        *_act("EX2", "commitment_reversal", _build_follower("EJ4", "4.00")),
        *_act("OD1", "journal_debit", *_JOURNAL),
        *_act("OD2", "journal_debit", *_SUSPENSE),
        *_act("JU1", "justification", _build_follower("OD2#2", "", account="4721000000", reason="unknown")),
        *_act("OD3", "clearing_debit", *_CLEARING),
        *_act("OD4", "clearing_credit", *_CLEARING_CREDIT),
        *_act("BE1", "opening_debit", *_OPENING),
        *_act("RA1", "prior_withdrawal", _build_follower(_FIRST_COMMITMENT, "2.00", **_NEXT_YEAR)),
        *_act("ED1", "earmark_decrease", _spent("10.00", operation="OP-0217-000001")),
        *_lower_credits("ae"),
        *_lower_credits("cp"),
        *_follow_decrees("ae"),
        *_follow_decrees("cp"),
        *_act("TP1", "receivable", _due("9.00", "269906"), _due("4.00", "251102")),
        *_act("RT1", "receivable_reduction", _build_follower("TP1", "2.00")),
        *_act("AT1", "receivable_cancellation", _build_follower("TP1#2", "4.00")),
        *_act("EN1", "receipt", _build_follower("TP1", "3.00")),
        *_act("DP6", "direct_payment_request", _spent("2.00", payee="P1")),
        *_act(
            "SO2",
            "set_off",
            _build_follower("DP6", "1.00"),
            _build_follower("TP1", "1.00", kind="set_off_receipt"),
        ),
        *_act("EJ5", "commitment", _spent("4.00", **_RUNNING_EXPENSES)),
        *_act("AV1", "advance_request", _build_follower("EJ5", "2.00", payee="P1", received="2018-05-02")),
        *_act("PA8", "payment", _build_follower("AV1", "2.00")),
        *_act("PA9", "bank_debit", _build_follower("PA8", "2.00")),
        *_act("SF5", "service", _build_follower("EJ5", "3.00")),
        *_act("DP7", "payment_request", _build_follower("EJ5", "3.00", payee="P1")),
        *_act(
            "AR1",
            "advance_withholding",
            _build_follower("DP7", "1.00"),
            _build_follower("PA9", "1.00", kind="advance_recovery"),
        ),
        *_act("TI1", "repayment_receivable", _due("1.00", "48520") | {"predecessor": "DP6"} | _CENTRE),
        *_act("EN2", "receipt", _build_follower("TI1", "1.00")),
        *_act("RC1", "credit_restoration", _spent("1.00", predecessor="EN2")),
        *_act("EJ6", "commitment", _spent("2.00", **_RUNNING_EXPENSES)),
        *_act("SF6", "service", _build_follower("EJ6", "2.00")),
        *_act("DP8", "payment_request", _build_follower("EJ6", "2.00", payee="P1")),
        *_act("RG1", "retention", _build_follower("DP8", "0.10")),
        *_act("LG1", "retention_release", _build_follower("RG1", "0.04")),
        *_act("TP5", "receivable", _due("8.00", "269906") | {"fund": "1-1-00733"}),
        *_act("EN5", "receipt", _build_follower("TP5", "6.00")),
        *_act("FC1", "fund_opening", _build_follower("EN5", "4.00", **_FUND)),
        *_OPENINGS_OF_NEXT_YEAR,
        *_act("BA1", "commitment_carry", _spent("34.00", predecessor=_FIRST_COMMITMENT, **_CARRY)),
        *_act(
            "BA2", "request_carry", _spent("3.00", predecessor=_FIRST_PAYROLL, **_CARRY, commitment_item="21")
        ),
        *_act("BA3", "service_carry", _spent("10.00", predecessor=_FIRST_SERVICE, **_CARRY)),
        *_act(
            "BA4", "retention_carry", {"predecessor": "@144", "amount": "0.06"} | _CARRY | _RUNNING_EXPENSES
        ),
        *_act("DV1", "visa_request", _spent("0.10"), _spent("0.20")),
        *_act("VI1", "visa", _build_follower("DV1", "0.10")),
        *_act("EV1", "commitment_with_visa", _build_follower("VI1", "0.06")),
        *_act("TV1", "tacit_visa", _build_follower("DV1#2", "0.20", date="2018-05-18")),
        *_act("DV2", "visa_request", _spent("0.30")),
        *_act("RV2", "visa_refusal", _build_follower("DV2", "0.30")),
        *_act("PO2", "visa_override", _build_follower("RV2", "0.30", document_hash="5e" * 32)),
        *_act("IM1", "asset_service", _spent("36.00", account="2183200000", **_PERSONS)),
        *_act("DA1", "asset_depreciation", _spent("1.00", predecessor="IM1")),
        *_act(
            "SO3",
            "asset_disposal",
            _spent("2.00", predecessor="IM1", **_PERSONS),
            _spent("0.05", predecessor="IM1", kind="asset_depreciation_disposal", **_PERSONS),
        ),
        *_act("EJ27", "commitment", _SERVED | {"amount": "2.00"}),
        *_act("SF27", "service", _build_follower("EJ27", "2.00")),
        *_act("DF27", "invoice_request", _build_follower("EJ27", "1.50", payee="P1", date="2018-06-01")),
    ],
    [
        *_act("OD5", "journal_debit", *_SUSPENSE),
        *_act(
            "BE2",
            "opening_item_debit",
            *(
                {"kind": kind, "account": account, "predecessor": before}
                | {"fund_centre": "0217", "amount": "7.00", "exercise": "2019", "date": "2019-01-01"}
                for kind, account, before in _OPENED_ITEMS
            ),
        ),
        *_act("EJ28", "commitment", _spent("2.00", **_RUNNING_EXPENSES)),
        *_act("SF28", "service", _build_follower("EJ28", "2.00")),
        *_act("DP28", "payment_request", _build_follower("EJ28", "2.00", payee="P1")),
        *_act("RG28", "retention", _build_follower("DP28", "0.10")),
        *_act("RX28", "retention_rejection", _build_follower("RG28", "0.10")),
        *_act("UB1", "suspense_receipt", {"fund_centre": "0217", "amount": "5.00"}),
        *_act("TP28", "receivable", _due("5.00", "269906")),
        *_act(
            "ID1",
            "suspense_identification",
            _build_follower("UB1", "5.00"),
            _build_follower("TP28", "5.00", kind="identification_receipt"),
        ),
        *_act("RE1", "result_debit", *_RESULT),
        *_act("UD1", "suspense_debit", {"fund_centre": "0217", "amount": "5.00"}),
        *_act("UR1", "suspense_return", {"fund_centre": "0217", "amount": "5.00"}),
        *_act("DP40", "direct_payment_request", _spent("5.00", payee="P1", **_RUNNING_EXPENSES)),
        *_act("PA40", "payment", _build_follower("DP40", "5.00")),
        *_act(
            "ID2",
            "transfer_identification",
            _build_follower("UD1", "5.00"),
            _build_follower("PA40", "5.00", kind="identification_debit"),
        ),
        *_act(
            "ID3",
            "transfer_identification",
            _build_follower("UR1", "5.00"),
            _build_follower("ID2#2", "5.00", kind="identification_return"),
        ),
        *_act("EJ36", "commitment", _spent("2.00", **_RUNNING_EXPENSES)),
        *_act("SF36", "service", _build_follower("EJ36", "2.00")),
        *_act("PE36", "penalty", _build_follower("EJ36", "1.00", payee="P1")),
        *_act("PC36", "penalty_confirmation", _build_follower("PE36", "0.20")),
        *_act("PR36", "penalty_remission", _build_follower("PE36", "0.30")),
        *_act("PX36", "penalty_rejection", _build_follower("PE36", "0.10")),
        *_act(
            "BA36",
            "penalty_carry",
            {"predecessor": f"@{_PENALTY}", "amount": "0.40"} | _CARRY | _RUNNING_EXPENSES,
        ),
        *(
            row
            for number, (kind, account) in enumerate(_INVENTORY.items(), 1)
            for row in _act(
                f"FA{number}", kind, _spent("1.00", account=account, date="2018-12-31", **_PERSONS)
            )
        ),
        *_act("FX1", "inventory_correction", _build_follower("FA1", "0.40", date="2018-12-31", **_PERSONS)),
        *_act(
            "FX2",
            "provision_release",
            _build_follower("FA7", "0.40", account="7815128000", date="2018-12-31", **_PERSONS),
        ),
        *_act(
            "FX3",
            "inventory_reversal",
            {"exercise": "2019", "date": "2019-01-02", "predecessor": f"@{_PENALTY + 5}", "amount": "0.60"},
        ),
        *_follow_year("ae"),
        *_follow_year("cp"),
        *_act("UR1", "unused_earmark_release", _spent("0.01", operation="OP-0217-000001", **_YEAR_BEFORE)),
        *_act("AE1", "receipt_reversal", _build_follower("EN1", "1.00")),
        *_act("FX4", "provision_correction", _build_follower("FA7", "0.60", date="2018-12-31", **_PERSONS)),
        *_act("AR1", "result_allocation_credit", *_ALLOCATION),
    ],
]
"""Acts of every kind that are accepted, of one line and of several; a duplicate, and some that are refused."""

_ENTRIES = _PENALTY + 4 + len(_INVENTORY) + 3 + 9 + 2 + len(_ALLOCATION)
"""Of all of them together."""


def assert_same(actual: BookState, expected: BookState) -> None:
    """Assert that everything that deciding reads is equal, except slots, whose order depends on their history."""
    book, other = actual.book, expected.book
    assert (
        book.counters[["entries", "keys", "payees", "invoices"]].tolist()
        == other.counters[["entries", "keys", "payees", "invoices"]].tolist()
    )
    assert actual.cell_words.tolist() == expected.cell_words.tolist()
    assert book.cells.tolist() == other.cells.tolist()
    assert book.items[1 : actual.entries + 1].tolist() == other.items[1 : actual.entries + 1].tolist()
    assert book.keys[: actual.keys].tolist() == other.keys[: actual.keys].tolist()
    assert book.payees[: actual.payees].tolist() == other.payees[: actual.payees].tolist()
    assert book.invoices[: actual.invoices].tolist() == other.invoices[: actual.invoices].tolist()
    assert (book.figures == other.figures).all()
    assert (book.withdrawn["withdrawn"] == other.withdrawn["withdrawn"]).all()
    for figure in ("ae", "ae_here", "cp", "cp_here", "earmarked"):
        assert (book.frozen[figure] == other.frozen[figure]).all()
    for figure in ("law", "amending", "moved", "advanced", "cancelled"):
        assert (book.decrees[figure] == other.decrees[figure]).all()
        assert (book.decree_years[figure] == other.decree_years[figure]).all()
    assert read_sums(actual) == read_sums(expected)


@pytest.mark.parametrize("checkpoints", [set(), {4}, {1}, {2, 5}, {5}, {1, 2, 3, 4, 5, 6}])
@pytest.mark.parametrize("stretch", [4, 1 << 20])
async def test_committed_acts_are_restored(
    dsn: str, checkpoints: set[int], stretch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Replayed in windows as small as the longest act, or in one window."""
    monkeypatch.setattr(journal_replay, "WINDOW_ENTRIES", stretch + 1)
    monkeypatch.setattr(invoice_replay, "WINDOW_PAGES", min(stretch, 64))
    async with _held(dsn) as (store, empty):
        work = Work(store, empty)
        for number, rows in enumerate(FILES, 1):
            await work.present(rows)
            if number in checkpoints:
                await work.checkpoint()
        kinds = work.harness.state.book.items["kind"][1 : work.harness.state.entries + 1]
        accepted_kinds = set(list_kinds(lambda kind: kind.family and not kind.refusal))
        assert set(kinds.tolist()) == accepted_kinds | {0}  # a carried commitment has kind 0
    async with _held(dsn) as (store, loaded):
        assert loaded.head == work.harness.engine.head
        assert loaded.last_checkpoint.batch == max(checkpoints, default=0)
        assert_same(loaded.state, work.harness.state)
        assert loaded.state.invoices == 5, "two lines of one request with one invoice are one claim"
        again = Work(store, loaded)
        for rows in FILES:
            await again.present(rows)
        counts = await store.fetch("last_entry")
        assert counts[0]["last"] == work.harness.state.entries


async def test_a_large_checkpoint_is_restored(dsn: str) -> None:
    """With more payees than fit in an empty book, and keys that need twice its slots."""
    state = build_filled_book(311_000, 311_000, 70_000)
    async with _held(dsn) as (store, _):
        await store.save_checkpoint(checkpoint.take_snapshot(state, 1, NO_CHECKPOINT))
    await _tamper(dsn, "update engine set version = 1")
    numbers = "1, 1, 1, 1, 311000, 0, 0, 70000, 0, 0"
    await _tamper(
        dsn,
        f"insert into batch values ({numbers}, decode(repeat('00', 32), 'hex'), now(), 0, 0, now(), sha256(''))",
    )
    async with _held(dsn) as (_, loaded):
        assert_same(loaded.state, state)
        for slots, rows in ((loaded.state.book.slots, 311_000), (loaded.state.book.payee_slots, 70_000)):
            restored = (slots[slots > 0] & np.uint64(2**32 - 1)).astype(np.int64)
            assert np.array_equal(np.sort(restored), np.arange(1, rows + 1))


async def _process_files(dsn: str) -> BookState:
    """Return the book after all files, without checkpoints."""
    async with _held(dsn) as (store, empty):
        work = Work(store, empty)
        for rows in FILES:
            await work.present(rows)
    return work.harness.state


async def _tamper(dsn: str, how: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("set session_replication_role = replica")
    await connection.execute(how)
    await connection.close()


async def test_rows_are_read_in_any_order(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches that were copied at the same time are stored in any order, and chunks end at any row."""
    monkeypatch.setattr(copy_out, "CHUNK_BYTES", 300)
    worked = await _process_files(dsn)
    moved = "with taken as (delete from entry where entry_id < 9 returning *) insert into entry select * from taken"
    await _tamper(dsn, moved)
    async with _held(dsn) as (_, loaded):
        assert_same(loaded.state, worked)


async def test_a_journal_with_a_missing_entry_is_refused(dsn: str) -> None:
    await _process_files(dsn)
    await _tamper(dsn, "delete from entry where entry_id = 7")
    with pytest.raises(DatabaseUnfit, match="entry 7 is missing"):
        async with _held(dsn):
            pass


async def _process_with_checkpoints(dsn: str, after: set[int]) -> BookState:
    """Return the book after all files, with a checkpoint after each of these batches."""
    async with _held(dsn) as (store, empty):
        work = Work(store, empty)
        for number, rows in enumerate(FILES, 1):
            await work.present(rows)
            if number in after:
                await work.checkpoint()
    return work.harness.state


_LAST_PIECE = (
    "(batch, piece) = (select batch, piece from checkpoint_page order by batch desc, piece desc limit 1)"
)
_DAMAGE = {
    "the first is deleted": ({2, 3}, "delete from checkpoint where batch = 2", 3),
    "the first is deleted with its pages": (
        {2, 3},
        "with pages as (delete from checkpoint_page where batch = 2) delete from checkpoint where batch = 2",
        3,
    ),
    "one in the middle is deleted": ({1, 2, 3}, "delete from checkpoint where batch = 2", 3),
    "only pages are left of the first": ({1, 2}, "delete from checkpoint_page where batch = 1", 1),
    "the last piece is missing": ({2, 4}, f"delete from checkpoint_page where {_LAST_PIECE}", 4),
    "a piece is there twice": ({2}, "insert into checkpoint_page select * from checkpoint_page", 2),
    "a byte is changed": (
        {2, 3},
        "update checkpoint_page set payload = set_byte(payload, 99, get_byte(payload, 99) # 1) where batch = 3",
        3,
    ),
    "a byte of the first is changed": (
        {2, 3},
        "update checkpoint_page set payload = set_byte(payload, 8000, 1) where batch = 2",
        2,
    ),
    "a piece is cut short": ({2}, "update checkpoint_page set payload = substr(payload, 2)", 2),
    "a piece is empty": ({2}, "update checkpoint_page set payload = ''", 2),
    "a digest is changed": (
        {1, 3},
        "update checkpoint set digest = set_byte(digest, 31, get_byte(digest, 31) # 1) where batch = 3",
        3,
    ),
    "a row tells fewer entries": ({2, 3}, "update checkpoint set entries = entries - 1 where batch = 3", 3),
    "a row tells more entries": ({4}, "update checkpoint set entries = entries + 1", 4),
    "a row tells fewer keys": ({2}, "update checkpoint set keys = keys - 1", 2),
    "a row names another before": ({2, 3}, "update checkpoint set previous = 1 where batch = 3", 3),
    "a row tells no pieces": ({2}, "update checkpoint set pieces = 0", 2),
    "one is ahead of the journal": ({2}, "update checkpoint set batch = 9", 9),
}
"""After which batches checkpoints are, what happens to them, and the batch of the one that is found wrong."""


@pytest.mark.parametrize("damage", _DAMAGE)
async def test_an_invalid_checkpoint_is_replaced_by_the_journal(
    dsn: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, the journal is read instead, every act is known, and the next checkpoint is a full one."""
    after, how, named = _DAMAGE[damage]
    worked = await _process_with_checkpoints(dsn, after)
    await _tamper(dsn, how)
    caplog.clear()
    async with _held(dsn) as (store, loaded):
        assert [(log_record.levelno, log_record.name) for log_record in caplog.records] == [
            (logging.WARNING, "posting.recovery.book_loading")
        ]
        assert f"checkpoint of batch {named} cannot be used" in caplog.text
        assert loaded.last_checkpoint == NO_CHECKPOINT
        assert_same(loaded.state, worked)
        assert await _load_checkpoints(dsn) == []
        again = Work(store, loaded)
        await _assert_all_known(dsn, again)
        await again.checkpoint()
        assert [previous for _, previous in await _load_checkpoints(dsn)] == [0]
    caplog.clear()
    async with _held(dsn) as (_, loaded):
        assert not caplog.records
        assert loaded.last_checkpoint.batch == 2 * len(FILES)
        assert_same(loaded.state, again.harness.state)


async def _assert_all_known(dsn: str, again: Work) -> None:
    """Assert that a repeated accepted act is a duplicate, and that a repeated refused act is refused."""
    for rows in FILES:
        await again.present(rows)
    connection = await asyncpg.connect(dsn)
    query = "select sum(entries), sum(duplicates), sum(refusals) from batch group by batch > $1 order by batch > $1"
    first, second = map(tuple, await connection.fetch(query, len(FILES)))
    await connection.close()
    accepted, duplicates, refused = first
    assert accepted
    assert second == (0, accepted + duplicates, refused)


async def _load_checkpoints(dsn: str) -> list[tuple[int, int]]:
    """Return batch and predecessor of each checkpoint, after checking that every page belongs to one."""
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch("select batch, previous from checkpoint order by batch")
    pages = await connection.fetch("select distinct batch from checkpoint_page order by batch")
    await connection.close()
    assert [row["batch"] for row in rows] == [page["batch"] for page in pages]
    return [tuple(row) for row in rows]


async def test_the_newest_checkpoint_may_be_missing(dsn: str) -> None:
    """The others are complete without it, and the journal contains the rest."""
    worked = await _process_with_checkpoints(dsn, {1, 2, 3})
    await _tamper(dsn, "delete from checkpoint where batch = 3")
    async with _held(dsn) as (_, loaded):
        assert loaded.last_checkpoint.batch == 2
        assert_same(loaded.state, worked)


async def test_two_checkpoints_cannot_build_on_the_same_one(dsn: str) -> None:
    """As if another engine had continued from the same book."""
    async with _held(dsn) as (store, empty):
        work = Work(store, empty)
        await work.present(FILES[0])
        await work.checkpoint()
        first = work.mark
        await store.save_checkpoint(checkpoint.take_snapshot(work.harness.state, 2, first))
        with pytest.raises(asyncpg.UniqueViolationError):
            await store.save_checkpoint(checkpoint.take_snapshot(work.harness.state, 3, first))
    assert await _load_checkpoints(dsn) == [(1, 0), (2, 1)]


async def test_a_full_checkpoint_replaces_many_outdated_ones(dsn: str) -> None:
    """At a start, before any decision; later checkpoints build on it."""
    async with _held(dsn) as (store, empty):
        work = Work(store, empty)
        for rows in [*FILES, *[FILES[0]] * 20]:
            await work.present(rows)
            await work.checkpoint()
        assert not empty.needs_full_checkpoint
    assert len(await _load_checkpoints(dsn)) == len(FILES) + 20
    store = PostgresStore(dsn)
    async with store.own_lease("test"):
        await Pipeline(store, load_reference(), PipelineSettings(checkpoint_entries=1)).run(
            FeedOfFiles(store)
        )
    head = work.harness.engine.head.batch
    assert (await _load_checkpoints(dsn))[0] == (head, 0)
    async with _held(dsn) as (_, loaded):
        assert not loaded.needs_full_checkpoint
        assert loaded.head.batch == head + len(FILES)
        assert_same(loaded.state, work.harness.state)


async def test_outdated_checkpoints_stay_during_dry_runs(dsn: str) -> None:
    async with _held(dsn) as (store, empty):
        work = Work(store, empty)
        for rows in [*FILES, *[FILES[0]] * 20]:
            await work.present(rows)
            await work.checkpoint()
    before = await _load_checkpoints(dsn)
    store = PostgresStore(dsn)
    async with store.own_lease("test"):
        await Pipeline(store, load_reference(), PipelineSettings(is_storing=False)).run(
            DryRunFeed([], StageTimes())
        )
    assert await _load_checkpoints(dsn) == before
    async with _held(dsn) as (_, loaded):
        assert loaded.needs_full_checkpoint


async def test_an_engine_without_the_lease_replaces_no_checkpoint(dsn: str) -> None:
    async with _held(dsn) as (store, empty):
        work = Work(store, empty)
        await work.present(FILES[0])
        await work.checkpoint()
        await _tamper(dsn, "update engine set epoch = epoch + 1")
        with pytest.raises(BookMoved):
            await store.save_checkpoint(checkpoint.take_snapshot(work.harness.state, 1, NO_CHECKPOINT))
    assert await _load_checkpoints(dsn) == [(1, 0)]


class FeedOfFiles:
    """Produces one batch per file."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store

    async def open(self, loaded: LoadedBook) -> None:
        self._harness = TextEngine(loaded)
        self._owners = [await _submission(self._store, self._harness, len(rows)) for rows in FILES]

    def produce_batches(self) -> Generator[Batch]:
        for rows, owner in zip(FILES, self._owners, strict=True):
            yield Batch([self._harness.build_piece(rows, owner)])

    def order_batches(self, read: Batch) -> Iterator[Batch]:
        yield read

    def stop_producing(self) -> None:
        pass


class _Holding(PostgresStore):
    """Delays its first checkpoint, and notes when the storing of each begins and ends."""

    def __init__(self, dsn: str, held: asyncio.Event) -> None:
        super().__init__(dsn)
        self._held, self.noted = held, []

    async def save_checkpoint(self, snapshot: CheckpointSnapshot) -> None:
        self.noted.append(("begins", snapshot.extent.batch))
        await self._held.wait()
        await super().save_checkpoint(snapshot)
        self.noted.append(("ends", snapshot.extent.batch))


async def test_a_checkpoint_waits_for_the_one_before(dsn: str) -> None:
    """The first is delayed until every batch is committed: no other may begin before, and all are stored in order."""
    held, noted_by_commit = asyncio.Event(), []
    store = _Holding(dsn, held)
    async with store.own_lease("test"):

        def note_commit(outcome: object) -> None:
            noted_by_commit.append(list(store.noted))
            if len(noted_by_commit) == len(FILES):
                held.set()

        settings = PipelineSettings(checkpoint_entries=1, on_committed=note_commit)
        await Pipeline(store, load_reference(), settings).run(FeedOfFiles(store))
    batches = list(range(1, len(FILES) + 1))
    assert all(noted_steps in ([], [("begins", 1)]) for noted_steps in noted_by_commit)
    assert noted_by_commit[-1] == [("begins", 1)]
    assert store.noted == [(step, batch) for batch in batches for step in ("begins", "ends")]
    assert await _load_checkpoints(dsn) == list(zip(batches, [0, *batches], strict=False))


@pytest.mark.parametrize("parts", [2, 8, 9])
async def test_the_end_of_a_feed_takes_a_checkpoint_after_an_eighth_of_the_entries(
    dsn: str, parts: int
) -> None:
    """An eighth of the entries that make one due; the next start then replays no entry."""
    store = PostgresStore(dsn)
    async with store.own_lease("test"):
        await Pipeline(store, load_reference(), PipelineSettings(checkpoint_entries=_ENTRIES * parts)).run(
            FeedOfFiles(store)
        )
    async with _held(dsn) as (_, loaded):
        assert loaded.state.entries == _ENTRIES
        assert loaded.last_checkpoint.entries == (_ENTRIES if parts <= 8 else 0)


async def test_codes_keep_their_numbers(dsn: str) -> None:
    """After a restart, and in another database that started with the same files."""
    async with _held(dsn) as (store, first):
        number = await store.number_sender(first.state.registry.numbers, "ministry")
    async with _held(dsn) as (store, second):
        assert second.state.registry.numbers == first.state.registry.numbers
        assert await store.number_sender(second.state.registry.numbers, "ministry") == number
        assert await store.number_sender(second.state.registry.numbers, "another") == number + 1
        assert second.secret == first.secret
    for kind, codes in build_registry().numbers.items():
        assert codes.items() <= second.state.registry.numbers[kind].items()


async def test_rows_of_an_earlier_layout_are_refused(dsn: str) -> None:
    async with _held(dsn):
        pass
    connection = await asyncpg.connect(dsn)
    await connection.execute("update engine set layout = layout - 1")
    await connection.close()
    with pytest.raises(LedgerOutdated, match="layout 3"):
        async with _held(dsn):
            pass


_PASSED_ON: list[File] = [
    [
        *build_openings(),
        *_act("T1", "third_party", _payee(1), _payee(2)),
        *_act("DP1", "direct_payment_request", _spent("9.00", payee="P1")),
    ],
    [row for number in range(10, 210) for row in _act(f"T{number}", "third_party", _payee(number))],
    [
        *_act("OP1", "attachment", _build_follower("DP1", "8.00", payee="P2")),
        *_act("CC1", "assignment", _build_follower("OP1", "7.00", payee="P1")),
        *_act("PA1", "payment", _build_follower("CC1", "5.00")),
    ],
    _act("TI1", "repayment_receivable", _due("1.00", "48520") | {"predecessor": "CC1"} | _CENTRE),
    _act("AT1", "receivable_cancellation", _build_follower("TI1", "1.00")),
]
"""A request, far behind it a part of a part of it, which is asked back, and the cancellation of that."""


async def test_what_a_request_counts_is_stored(dsn: str) -> None:
    """The request is on another page of items than the part that is asked back, and than what that was part of."""
    entries = 0
    for rows in _PASSED_ON:
        async with _held(dsn) as (store, before):
            work = Work(store, before)
            await work.present(rows)
            await work.checkpoint()
        async with _held(dsn) as (_, loaded):
            assert_same(loaded.state, work.harness.state)
            entries += len(rows)
            assert loaded.state.entries == entries
