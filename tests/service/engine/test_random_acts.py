"""No accepted sequence of acts breaks a check of ``verify``: random acts of every kind, sender and way, then the proof.

Fourteen sequences by default.  The long form is

    RANDOM_SEQUENCES=2000 make test ARGS=tests/service/engine/test_random_acts.py

and RANDOM_SEED begins with another sequence; a failure names its own, with the kinds that it sent more often (RANDOM_RARE).
"""

import os
import random
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio

from core import unused_credit_kinds
from core.catalog import CATALOG, Family, list_kinds
from core.roles import Role
from posting.book.registry import ReferenceData
from reporting.verification import verify
from service.auth import access_queries
from service.auth.access_queries import Grant
from service.database.embedded_server import Database
from tests.accountants import add_accountants
from tests.databases import create_database, open_connection
from tests.posting.loaded_engines import process_rows
from tests.reference_years import build_two_years
from tests.service.engine.random_acts import build_credits
from tests.service.engine.random_commands import DAYS, RandomState
from tests.service.engine.random_sequence import STATEMENT_KINDS, SequencePlan, SequenceResult, run_sequence

pytestmark = pytest.mark.asyncio(loop_scope="module")
SEQUENCES, SEED = int(os.environ.get("RANDOM_SEQUENCES", "14")), int(os.environ.get("RANDOM_SEED", "1"))
IDENTIFICATION_KINDS = frozenset({"transfer_identification", "identification_debit", "identification_return"})
"""The kinds that follow a transfer on suspense, which only a statement of the bank puts there."""
INVENTORY_KINDS = frozenset(
    kind.name for kind in CATALOG if kind.family in (Family.INVENTORY, Family.INVENTORY_CHANGE)
)
"""The kinds that are of 31 December, on which no random act is."""
RESULT_KINDS = frozenset(kind.name for kind in CATALOG if kind.family in (Family.RESULT, Family.ALLOCATION))
UNUSED_CREDIT_KINDS = frozenset(kind.name for kind in unused_credit_kinds.UNUSED_CREDIT_KINDS)
"""The kinds that carry and annul credits by orders, which the reference data of the sequences do not have."""
KINDS = (
    frozenset(CATALOG[number].name for number in list_kinds(lambda kind: kind.family and not kind.refusal))
    - STATEMENT_KINDS
    - IDENTIFICATION_KINDS
    - RESULT_KINDS
    - UNUSED_CREDIT_KINDS
    - INVENTORY_KINDS
)
"""The kinds that can be accepted without a statement of the bank, and before the result of a year is determined."""
LATE_KINDS = frozenset(
    {
        "service_carry",
        "unfreeze_ae",
        "unfreeze_cp",
        "advance_withholding",
        "advance_recovery",
        *("credit_restoration", "fund_opening", "receipt_reversal"),
        *("retention", "retention_release", "retention_carry", "commitment_reversal"),
        "retention_rejection",
        *("penalty", "penalty_confirmation", "penalty_remission", "penalty_carry", "penalty_rejection"),
        *("visa", "visa_refusal", "visa_override", "tacit_visa", "commitment_with_visa"),
        "asset_depreciation_disposal",
        "invoice_request",
        *("reassignment_origin", "reassignment_target"),
        *("suspense_identification", "identification_receipt"),
        *("opening_item_debit", "opening_item_credit", "opening_reduction_debit", "opening_reduction_credit"),
    }
)
"""Kinds that may follow only two others in one year or place: the sequences by default are too few, sixty have them all."""
RARE = frozenset(filter(None, os.environ.get("RANDOM_RARE", "").split(",")))
"""The kinds that the first sequence sends more often; the later ones those that none before had accepted."""
ACTS = 200
_EUROS_BY_LEVEL = {4: "20000.00", 9: "8000.00", 14: "3000.00"}
"""Credits by the length of a fund centre: of a programme, a BOP and a UO."""


class Template(NamedTuple):
    """A database with credits, payees and keys, from which each sequence starts; and its reference data."""

    database: Database
    name: str
    folder: Path
    reference: ReferenceData


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def template(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Template]:
    folder = tmp_path_factory.mktemp("random")
    reference = build_two_years(folder)
    async with create_database(database) as dsn:
        await add_accountants(dsn)
        await process_rows(dsn, folder, reference, build_credits(_EUROS_BY_LEVEL), "budget")
        async with open_connection(dsn) as connection:
            rights = frozenset({Role.ASSIGNED_ACCOUNTANT})
            await access_queries.create_key(connection, Grant("accountant", rights, frozenset(), "", None))
            opening = frozenset({Role.BUDGET_DIRECTORATE})
            await access_queries.create_key(connection, Grant("directorate", opening, frozenset(), "", None))
            control = frozenset({Role.BUDGET_CONTROLLER})
            await access_queries.create_key(connection, Grant("controller", control, frozenset(), "", None))
            service = frozenset({Role.INVOICE_SERVICE})
            await access_queries.create_key(
                connection, Grant("invoice-service", service, frozenset(), "", None)
            )
        yield Template(database, dsn.rpartition("/")[2], folder, ReferenceData.load(reference))


async def _send_plain(template: Template, dsn: str, folder: Path, plan: SequencePlan) -> SequenceResult:
    """Send random acts, and open the balances of the next year."""
    result = await run_sequence(dsn, folder, template.reference, plan)
    state = RandomState(dsn, folder, template.folder / "reference", template.reference)
    await state.open_next_year()
    result.accepted.update(await state.count_kinds())
    return result


async def _send_between_commands(
    template: Template, dsn: str, folder: Path, plan: SequencePlan
) -> SequenceResult:
    """Pay, import what the bank answers, claim interest and open balances, each time after a third of the acts."""
    rng, result = random.Random(plan.seed), SequenceResult()
    state = RandomState(dsn, folder, template.folder / "reference", template.reference)
    for number, day in enumerate(DAYS):
        third = SequencePlan(plan.seed * 10 + number, plan.acts // len(DAYS), False, plan.rare)
        part = await run_sequence(dsn, folder, template.reference, third)
        await state.pay_and_claim(rng, day)
        await state.open_next_year()
        result.accepted.update(part.accepted)
        result.refused_whole += part.refused_whole
    result.accepted.update(await state.count_kinds())
    return result


def _describe(plan: SequencePlan) -> str:
    """Return the variables of the environment by which the sequence is played again, the first one."""
    return f"RANDOM_SEED={plan.seed} RANDOM_RARE={','.join(sorted(plan.rare))}"


async def test_no_accepted_sequence_of_acts_breaks_a_check(template: Template, tmp_path: Path) -> None:
    address, _, _ = template.database.dsn.rpartition("/")
    total = SequenceResult()
    async with open_connection(template.database.dsn) as admin:
        for seed in range(SEED, SEED + SEQUENCES):
            folder, dsn = tmp_path / str(seed), f"{address}/random_acts"
            folder.mkdir()
            await admin.execute(f"create database random_acts template {template.name}")
            send = _send_between_commands if seed % 4 == 0 else _send_plain
            plan = SequencePlan(seed, ACTS, rare=RARE if seed == SEED else KINDS - total.accepted.keys())
            result = await send(template, dsn, folder, plan)
            verification = await verify(dsn, folder=template.folder / "reference")
            assert verification.findings == [], f"{_describe(plan)}: {verification.findings}"
            total.accepted.update(result.accepted)
            total.refused_whole += result.refused_whole
            await admin.execute("drop database random_acts with (force)")
            shutil.rmtree(folder)
    print(
        f"{SEQUENCES} sequences from {SEED}: {total.refused_whole} refused whole, accepted {total.accepted}"
    )
    required_kinds = KINDS if SEQUENCES >= 60 else KINDS - LATE_KINDS
    assert total.accepted.keys() >= required_kinds, "a kind that is never accepted is not tested"
    assert total.refused_whole > SEQUENCES // 2
