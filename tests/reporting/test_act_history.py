"""Histories of acts, and proofs of batches and files."""

import asyncpg
import msgspec
import pytest
from msgspec.structs import replace

from core.money import format_euros
from reporting import act_history, proofs
from reporting.act_narrative import render
from reporting.act_views import Explanation, PaymentTerms
from reporting.code_names import CodeNames
from reporting.refusal_narrative import render_refused_line
from reporting.report_queries import Connection
from reporting.report_tables import ReportTable


async def explain(
    reader: Connection, names: CodeNames, reference: str, sender: str | None = None
) -> Explanation:
    return await act_history.explain(reader, names, reference, sender=sender)


async def test_a_commitment_and_all_that_follows_it(reader: Connection, names: CodeNames) -> None:
    explanation = await explain(reader, names, "C1")
    (line,) = explanation.accepted
    assert (line.kind, line.amount, line.month) == ("commitment", 10_000, "2018-03")
    assert (line.origin.sender, line.origin.file, line.origin.line) == ("MINISTRY", "2-ministry.jsonl", 3)
    assert line.assignment is not None
    assert [follower.code for follower in line.assignment.centres] == ["0217", "0217-SGAC", "0217-SGAC-ASPR"]
    assert line.assignment.centres[0].label == "Conduite et pilotage écologie"
    # its followers, and the rejection and cancellation that follow those
    assert {follower.reference for follower in line.followers} == {"I1", "I2", "S1", "S2", "D1", "D2", "R2"}
    assert line.debit is None
    assert line.payee is None
    assert [follower.node for follower in line.nodes] == [
        "0217-SGAC-ASPR HT2 2018",
        "0217-SGAC HT2 2018",
        "0217 HT2 2018",
    ]
    assert all(proof.holds for proof in explanation.proofs)


async def test_a_payment_request_with_payee_accounts_and_budget(reader: Connection, names: CodeNames) -> None:
    explanation = await explain(reader, names, "D1")
    (line,) = explanation.accepted
    assert line.payee is not None
    assert (line.payee.code, line.payee.iban) == ("SUPPLIER", "FR1420041010050500013M02606")
    assert line.debit is not None
    assert line.credit is not None
    assert (line.debit.code, line.credit.code) == ("4081000000", "4011100000")
    assert line.predecessor is not None
    assert line.predecessor.reference == "C1"
    unit = line.nodes[0]
    # it was held for its commitment, so it was decided alone in a batch
    assert unit.cp_after.reserved - unit.cp_before.reserved == 4_000
    assert unit.ae_after == unit.ae_before


async def test_a_payment_request_has_its_payment_terms(reader: Connection, names: CodeNames) -> None:
    explanation = await explain(reader, names, "D1")
    assert explanation.accepted[0].terms == PaymentTerms(
        received="2018-03-01",
        due="2018-03-28",
        method="sepa",
        priority=None,
        invoice_number="F-2018-7",
        invoice_date="2018-02-26",
        invoice_part=None,
        right_year=None,
        prescription_stop="",
        nature="",
        suspension_notified=None,
        suspension_ended=None,
        contract="",
        reason="",
        remittance="",
    )
    text = [part for part in render(explanation) if isinstance(part, str)]
    assert "  to be paid received 2018-03-01, due 2018-03-28, by sepa" in text
    assert "  invoice    F-2018-7 of 2018-02-26" in text


async def test_a_request_has_only_the_terms_that_it_states(reader: Connection, names: CodeNames) -> None:
    explanation = await explain(reader, names, "D3")
    terms = explanation.accepted[0].terms
    assert terms is not None
    assert (terms.received, terms.priority, terms.remittance) == (None, 0, "Remboursement n° 3")
    text = [part for part in render(explanation) if isinstance(part, str)]
    assert "  to be paid priority 0" in text
    assert "  remittance Remboursement n° 3" in text
    assert not any(part.startswith("  invoice") for part in text)


async def test_a_payment_before_service_has_the_nature_that_allows_it(
    reader: Connection, names: CodeNames
) -> None:
    explanation = await explain(reader, names, "D2")
    terms = explanation.accepted[0].terms
    assert terms is not None
    assert terms.nature == "location"
    assert "  nature     location" in [part for part in render(explanation) if isinstance(part, str)]


@pytest.mark.parametrize("reference", ["C1", "S2", "D8", "T1"])
async def test_an_act_without_payment_details_has_no_terms(
    reader: Connection, names: CodeNames, reference: str
) -> None:
    """Also next to lines of the same page, before the first one and after the last."""
    explanation = await explain(reader, names, reference)
    assert [line.terms for line in explanation.accepted] == [None]


async def test_a_reversal_shows_the_budget_that_it_gives_back(reader: Connection, names: CodeNames) -> None:
    (line,) = (await explain(reader, names, "R2")).accepted
    unit = line.nodes[0]
    assert unit.cp_before.reserved - unit.cp_after.reserved == 1_500
    assert line.predecessor is not None
    assert line.predecessor.reference == "D1"


async def test_a_move_of_credits_shows_both_nodes(reader: Connection, names: CodeNames) -> None:
    (line,) = (await explain(reader, names, "M1")).accepted
    assert [node.node for node in line.nodes] == ["0217 HT2 2018", "0217 T2 2018"]


async def test_spending_on_an_operation_names_it(reader: Connection, names: CodeNames) -> None:
    (line,) = (await explain(reader, names, "C2")).accepted
    assert line.nodes[0].node == "OP-0217-000001 HT2 2018"
    assert line.assignment is not None
    assert line.assignment.centres[-1].code == "OP-0217-000001"


async def test_an_entry_number_finds_its_act(reader: Connection, names: CodeNames) -> None:
    (line,) = (await explain(reader, names, "C1")).accepted
    for text in (str(line.entry), f"@{line.entry}"):
        assert (await explain(reader, names, text)).accepted == [line]
    assert (await explain(reader, names, f"@{line.entry}", "NOBODY")).accepted == []
    assert (await explain(reader, names, "@999999999")).accepted == []


async def test_the_budget_table_adds_up_and_names_the_batch(reader: Connection, names: CodeNames) -> None:
    explanation = await explain(reader, names, "C1")
    (table,) = [part for part in render(explanation) if isinstance(part, ReportTable)]
    assert table.title.startswith(f"  Budget before and after batch {explanation.accepted[0].batch}, by all ")
    for row in table.rows:
        for part in (row[2:7], row[7:12]):
            opened, *rest = (cell for cell in part if isinstance(cell, int))
            assert opened == sum(rest), "reserved, frozen, consumed and available"
    refused = await explain(reader, names, "D4")
    titles = [part.title for part in render(refused) if isinstance(part, ReportTable)]
    assert titles[-1].endswith("the refused act changed nothing of it")


async def test_a_refusal_for_want_of_credit_states_what_was_available(
    reader: Connection, names: CodeNames
) -> None:
    explanation = await explain(reader, names, "D4")
    refusal = explanation.refused[0].refusal
    amounts = (refusal.amount, refusal.amount - refusal.missing, refusal.missing)
    asked_euros, left_euros, missing_euros = map(format_euros, amounts)
    assert (
        f"  amounts    {asked_euros} euros asked; {left_euros} available when it was decided;"
        f" {missing_euros} missing"
    ) in list(render(explanation))


@pytest.mark.parametrize(
    ("acts", "words"),
    [
        (0, "which accepted nothing"),
        (1, "by the one other line that it accepted;"),
        (1_500, "by the 1,500 lines that it accepted;"),
    ],
)
async def test_the_budget_around_a_refusal_says_what_changed_it(
    reader: Connection, names: CodeNames, acts: int, words: str
) -> None:
    explanation = await explain(reader, names, "D4")
    refused = replace(explanation.refused[0], acts=acts)
    (table,) = [part for part in render_refused_line(refused) if isinstance(part, ReportTable)]
    assert words in table.title


async def test_a_refusal_names_what_its_amount_was_compared_with(
    reader: Connection, names: CodeNames
) -> None:
    (refused,) = (await explain(reader, names, "D4")).refused
    opened, changed = (replace(refused.nodes[0].ae_after, opened=cents) for cents in (500, 600))
    same = replace(refused.nodes[0], ae_before=opened, ae_after=opened)
    grown = replace(refused.nodes[0], ae_before=opened, ae_after=changed)
    for code, kind, node, words in (
        ("COMMITMENT_EXCEEDED", "service", same, "0.40 left when it was decided;"),
        ("ALLOTMENT_EXCEEDED", "allotment_ae", same, "0.40 of 5.00 left to pass on when it was decided,"),
        ("ALLOTMENT_EXCEEDED", "allotment_ae", grown, "0.40 left to pass on when it was decided,"),
    ):
        refusal = replace(refused.refusal, code=code, kind=kind, amount=100, missing=60)
        parts = list(render_refused_line(replace(refused, refusal=refusal, nodes=[node])))
        (amounts,) = [part for part in parts if str(part).startswith("  amounts ")]
        assert words in str(amounts)
        assert str(amounts).endswith("; 0.60 missing")


async def test_a_move_of_credits_names_the_fund_centre_that_gives(
    reader: Connection, names: CodeNames
) -> None:
    explanation = await explain(reader, names, "M2")
    assert explanation.accepted[0].giving_centre is not None
    assert explanation.accepted[0].giving_centre.code == "0217-SGAC-ASPR"
    (line,) = [part for part in render(explanation) if str(part).startswith("  from ")]
    assert str(line).startswith("  from       0217-SGAC-ASPR ")
    assert (await explain(reader, names, "C1")).accepted[0].giving_centre is None


async def test_an_act_accepted_repeated_and_contradicted(reader: Connection, names: CodeNames) -> None:
    explanation = await explain(reader, names, "D3")
    (line,), (story,) = explanation.accepted, explanation.refused
    assert [duplicate.line for duplicate in line.duplicates] == [10]
    assert (story.refusal.code, story.origin.line) == ("REFERENCE_CONFLICT", 11)


async def test_a_refusal_for_want_of_credit_shows_the_node(reader: Connection, names: CodeNames) -> None:
    (story,) = (await explain(reader, names, "D4")).refused
    assert story.refusal.node == "0217-SGAC-ASPR HT2 2018"
    assert story.nodes[0].node == "0217-SGAC-ASPR HT2 2018"
    assert len(story.nodes) == 3


async def test_another_sender_s_act_is_another_act(reader: Connection, names: CodeNames) -> None:
    assert (await explain(reader, names, "C1", "TREASURY")).accepted == []
    assert len((await explain(reader, names, "C1", "MINISTRY")).accepted) == 1


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        (
            "D1",
            ("demande de paiement, flux 1", "IBAN FR1420041010050500013M02606", "follows    entry", "proven"),
        ),
        ("D3", ("the same act, so nothing changed", "REFERENCE_CONFLICT", "remedy")),
        ("D4", ("885.00 missing", "available when it was decided", "batch")),
        ("D5", ("PAYEE_UNKNOWN",)),
        ("NOWHERE", ("No act NOWHERE was ever accepted or refused.",)),
    ],
)
async def test_a_history_is_rendered_as_text(
    reader: Connection, names: CodeNames, reference: str, sentence: tuple[str, ...]
) -> None:
    explanation = await explain(reader, names, reference)
    text = "\n".join(
        part.to_text() if isinstance(part, ReportTable) else part for part in render(explanation)
    )
    assert [phrase for phrase in sentence if phrase not in text] == []
    assert msgspec.json.decode(msgspec.json.encode(explanation), type=Explanation) == explanation


async def test_every_batch_of_the_small_journal_is_proven(reader: Connection, names: CodeNames) -> None:
    last: int = await reader.fetchval("select max(batch) from batch") or 0
    assert last > 1
    for number in range(1, last + 1):
        proof = await proofs.prove_batch(reader, names, number)
        assert proof is not None
        assert proof.holds, proof
    assert await proofs.prove_batch(reader, names, last + 1) is None


async def test_the_totals_of_a_file_are_those_of_its_outcomes(reader: Connection, names: CodeNames) -> None:
    proof = await proofs.prove_submission(reader, names, 2)
    assert proof is not None
    assert proof.holds, proof
    stated_totals = {agreement.what: agreement.stated for agreement in proof.agreements}
    assert stated_totals["lines of the file, refused ones too"] == 19
    assert (
        stated_totals["accepted lines"],
        stated_totals["duplicate lines"],
        stated_totals["refused lines"],
    ) == (14, 1, 4)
    assert len(proof.batches) > 1
    assert await proofs.prove_submission(reader, names, 99) is None


async def test_a_proof_is_shown_side_by_side(reader: Connection, names: CodeNames) -> None:
    proof = await proofs.prove_submission(reader, names, 2)
    assert proof is not None
    grid = proofs.build_table(proof)
    assert grid.format_rows()[0] == ["lines of the file, refused ones too", "19", "19", "", "", "yes"]
    assert grid.format_rows()[1] == [
        "amounts of the file, of refused lines too, as they state them",
        "",
        "",
        "1,607.00",
        "1,607.00",
        "yes",
    ]


async def test_a_changed_batch_is_reported(journal: str, names: CodeNames) -> None:
    connection = await asyncpg.connect(journal)
    try:
        await connection.execute("set session_replication_role = replica")
        await connection.execute(
            "update entry set amount = amount + 1 where entry_id = (select max(entry_id) from entry)"
        )
        number = await connection.fetchval("select max(batch) from batch where entries > 0")
        proof = await proofs.prove_batch(connection, names, number)
        assert proof is not None
        assert not proof.holds
        assert not proof.link.holds
        assert "accepted" in {agreement.what for agreement in proof.agreements if not agreement.holds}
    finally:
        await connection.close()
