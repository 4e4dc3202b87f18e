"""Every report on the small journal, compared with figures added up by hand."""

import msgspec
import pytest

from core.nomenclature import CentreLevel
from reporting import budget, commitments, refusals, trial_balance
from reporting.act_history import explain
from reporting.budget import Appropriations, Budget, BudgetScope
from reporting.code_names import BudgetNode, CodeNames, format_month
from reporting.french_headings import translate_headings
from reporting.refusals import RefusalReason, Refusals
from reporting.report_queries import Connection
from reporting.table_layout import measure_width
from service.terminal.console import style_table

EUROS = 100


def of(report: Budget, centre: str, envelope: str = "HT2") -> tuple[Appropriations, Appropriations]:
    (node,) = [
        candidate
        for candidate in report.nodes
        if (candidate.centre, candidate.envelope) == (centre, envelope)
    ]
    return node.ae, node.cp


def cents(*euros: int) -> tuple[int, ...]:
    return tuple(EUROS * amount for amount in euros)


def figures(appropriations: Appropriations) -> tuple[int, ...]:
    return msgspec.structs.astuple(appropriations)[:5]


async def test_trial_balance(reader: Connection, names: CodeNames) -> None:
    balance = await trial_balance.load_trial_balance(reader, names, trial_balance.BalanceScope(2018))
    sides = {account.account[:4]: (account.debit, account.credit) for account in balance.accounts}
    assert sides == {
        "1853": cents(0, 25),
        "2318": cents(80, 4),
        "4011": cents(19, 175),
        "4081": cents(50, 75),
        "6188": cents(115, 10),
        "6650": cents(25, 0),
    }
    assert (balance.debit, balance.credit) == cents(289, 289)
    assert balance.is_balanced
    assert balance.accounts[0].label
    assert balance.accounts[1].balance == 76 * EUROS
    normal = {account.account[:4]: account.normal_side for account in balance.accounts}
    assert normal == {
        "1853": "either",
        "2318": "debit",
        "6188": "debit",
        "4081": "nil",
        "4011": "either",
        "6650": "debit",
    }
    assert not any(account.is_on_wrong_side for account in balance.accounts)


async def test_a_balance_on_the_wrong_side_is_marked(reader: Connection, names: CodeNames) -> None:
    """Only a superuser can store such a balance here; 4081 (nil after the closing) is no finding during the year."""
    change = reader.transaction()
    await change.start()
    await reader.execute("set local session_replication_role = replica")
    await reader.execute("update account_balance set debit = credit, credit = debit")
    balance = await trial_balance.load_trial_balance(reader, names)
    await change.rollback()
    assert {account.account[:4] for account in balance.accounts if account.is_on_wrong_side} == {
        *("2318", "6188", "6650"),
    }
    grid = trial_balance.build_table(balance)
    assert [row[-1] for row in grid.rows if str(row[0]).startswith(("2318", "4081"))] == ["wrong side", ""]
    french = translate_headings(grid)
    assert [row[2::4] for row in french.rows if str(row[0]).startswith("2318")] == [
        ["débiteur", "sens anormal"]
    ]
    assert {"sens normal", "constat"} <= {column.name for column in french.columns}
    assert ",debit," in grid.to_csv()


async def test_trial_balance_of_another_exercise_is_empty(reader: Connection, names: CodeNames) -> None:
    balance = await trial_balance.load_trial_balance(reader, names, trial_balance.BalanceScope(2019))
    assert (balance.accounts, balance.debit, balance.credit) == ([], 0, 0)


async def test_trial_balance_after_an_earlier_batch(reader: Connection, names: CodeNames) -> None:
    """Only the last file rejects 15 of a request of 40."""
    last = await trial_balance.load_trial_balance(reader, names)
    previous = await trial_balance.load_trial_balance(
        reader, names, trial_balance.BalanceScope(batch=last.batch - 1)
    )
    assert last.debit - previous.debit == 15 * EUROS
    assert previous.is_balanced


async def test_budget_by_programme(reader: Connection, names: CodeNames) -> None:
    report = await budget.load_budget(reader, names)
    ae, cp = of(report, "0217")
    # opened, allotted, reserved, consumed, available
    assert figures(ae) == cents(1100, 900, 75, 260, 765)
    assert figures(cp) == cents(800, 700, 156, 0, 644)
    assert figures(of(report, "0217", "T2")[0]) == cents(400, 0, 0, 0, 400)
    overspent = of(report, "0117")
    assert figures(overspent[0]) == cents(10, 0, 25, 0, -15)
    assert report.ae.opened == 1510 * EUROS


async def test_budget_by_unit_and_operation(reader: Connection, names: CodeNames) -> None:
    units = await budget.load_budget(reader, names, BudgetScope(CentreLevel.UO, "0217"))
    assert {node.centre for node in units.nodes} == {"0217-SGAC-ASPR", "0217-SGAC-IMMO"}
    assert figures(of(units, "0217-SGAC-ASPR")[0]) == cents(250, 0, 25, 110, 115)
    assert figures(of(units, "0217-SGAC-IMMO")[0]) == cents(550, 0, 50, 150, 350)
    operations = await budget.load_budget(reader, names, BudgetScope(CentreLevel.OPERATION))
    assert figures(of(operations, "OP-0217-000001")[0]) == cents(200, 0, 6, 150, 44)


async def test_budget_of_another_year_or_before_the_first_batch_is_empty(
    reader: Connection, names: CodeNames
) -> None:
    assert (await budget.load_budget(reader, names, BudgetScope(year=2019))).nodes == []
    assert (await budget.load_budget(reader, names, BudgetScope(batch=0))).nodes == []


async def test_refusals_by_reason(reader: Connection) -> None:
    report = await refusals.load_refusals(reader)
    assert {reason.code: (reason.lines, reason.cents) for reason in report.reasons} == {
        "REFERENCE_CONFLICT": (1, 2600),
        "AE_EXCEEDED": (1, 100_000),
        "PAYEE_UNKNOWN": (1, 100),
        "PREDECESSOR_MISSING": (1, 100),
    }
    assert (report.lines, report.cents) == (4, 102_800)
    assert (await refusals.load_refusals(reader, submission=1)).reasons == []


async def test_refused_lines_have_a_remedy(reader: Connection, names: CodeNames) -> None:
    (page,) = [page async for page in refusals.stream_refused_lines(reader, names, 2)]
    lines = {line.reference: line for line in page}
    short = lines["D4"]
    assert (short.line, short.code, short.node) == (12, "AE_EXCEEDED", "0217-SGAC-ASPR HT2 2018")
    # 250 opened, 110 engaged, 25 requested directly
    assert short.missing == 88_500
    assert "AE" in short.finding
    (french,) = [page async for page in refusals.stream_refused_lines(reader, names, 2, language="fr")]
    assert french[0].finding != next(iter(lines.values())).finding
    assert (await refusals.load_refusals(reader, language="fr")).reasons[0].action


async def test_refused_lines_name_the_value_at_fault(reader: Connection, names: CodeNames) -> None:
    (page,) = [page async for page in refusals.stream_refused_lines(reader, names, 2)]
    values = {line.code: (line.field, line.found) for line in page}
    (accepted,) = (await explain(reader, names, "D3")).accepted
    assert values["PAYEE_UNKNOWN"] == ("payee", "STRANGER")
    assert values["PREDECESSOR_MISSING"][0] == "predecessor"
    assert values["PREDECESSOR_MISSING"][1]
    assert values["REFERENCE_CONFLICT"] == ("reference", f"@{accepted.entry}"), "the act that stands"
    assert values["AE_EXCEEDED"] == ("", "")


async def test_refusals_of_one_sender_and_of_all(reader: Connection) -> None:
    report = await refusals.load_refusals(reader, sender="MINISTRY")
    everything = await refusals.load_refusals(reader)
    assert {reason.sent_by for reason in everything.reasons} == {"senders"}
    assert report == everything, "the ministry sent every line that is refused"
    assert (report.lines, report.cents) == (4, 102_800)
    for sender in ("TREASURY", "NOBODY"):
        assert (await refusals.load_refusals(reader, sender=sender)).reasons == []


def test_own_proposals_and_meaningless_amounts_stand_apart() -> None:
    reasons = [
        RefusalReason("AMOUNT_OVER_LIMIT", 1, 10**15, 1, "", ""),
        RefusalReason("PAYEE_UNKNOWN", 2, 300, 1, "", ""),
        RefusalReason("CP_EXCEEDED", 4, 500, 1, "", "", "crescendo"),
    ]
    table = refusals.build_table(Refusals(None, reasons, 7, 10**15 + 800))
    assert [row[:4] for row in table.format_rows()] == [
        ["senders", "AMOUNT_OVER_LIMIT", "1", ""],
        ["senders", "PAYEE_UNKNOWN", "2", "3.00"],
        ["Crescendo itself", "CP_EXCEEDED", "4", "5.00"],
    ]
    assert table.format_footer()[:4] == ["all", "", "7", "8.00"]


@pytest.mark.parametrize("width", [80, 100])
async def test_a_narrow_terminal_keeps_what_was_refused(
    reader: Connection, names: CodeNames, width: int
) -> None:
    (page,) = [page async for page in refusals.stream_refused_lines(reader, names, 2)]
    text = "\n".join(style_table(refusals.build_lines_table(page), width))
    for line in page:
        for value in (line.reference, line.code, line.field, line.found, line.node):
            assert value in text
    assert "885.00" in text
    assert " ".join(page[0].action.split()[:3]) in text
    assert all(measure_width(line) <= width + len("\x1b[1m\x1b[0m") for line in text.split("\n"))


async def test_a_narrow_terminal_keeps_the_names_of_accounts(reader: Connection, names: CodeNames) -> None:
    table = trial_balance.build_table(await trial_balance.load_trial_balance(reader, names))
    wide = table._replace(rows=[[*row[:3], *(10**12 for _ in row[3:6]), row[6]] for row in table.rows])
    text = "\n".join(style_table(wide, 80))
    assert "label" in text
    assert "balanced" in text
    columns = budget.build_table(await budget.load_budget(reader, names)).lay_out(100)[0]
    assert {"opened", "available"} <= set(" ".join(columns).split())


async def test_outstanding_commitments(reader: Connection, names: CodeNames) -> None:
    report = await commitments.load_outstanding_commitments(reader, names)
    (programme,) = report.centres
    assert (programme.centre, programme.commitments) == ("0217", 2)
    assert (report.open, report.unbilled) == cents(110, 25)
    assert (report.engaged_cents, report.withdrawn_cents, report.paid_cents) == cents(270, 10, 0)
    assert (report.requested_cents, report.remaining_cents) == cents(125, 260)
    units = await commitments.load_outstanding_commitments(reader, names, level=CentreLevel.UO)
    amounts_by_centre = {centre.centre: (centre.open, centre.unbilled) for centre in units.centres}
    assert amounts_by_centre == {"0217-SGAC-ASPR": cents(30, 25), "0217-SGAC-IMMO": cents(80, 0)}


async def test_reports_encode_as_json_in_cents(reader: Connection, names: CodeNames) -> None:
    balance = await trial_balance.load_trial_balance(reader, names)
    assert msgspec.json.decode(msgspec.json.encode(balance))["debit"] == 28_900


async def test_tables_show_euros_and_totals(reader: Connection, names: CodeNames) -> None:
    grid = trial_balance.build_table(await trial_balance.load_trial_balance(reader, names))
    assert grid.format_footer() == ["all", "balanced", "", "289.00", "289.00", "0.00", ""]
    budget_table = budget.build_table(await budget.load_budget(reader, names, BudgetScope(programme="0217")))
    assert budget_table.format_footer()[4] == "1,500.00"
    assert (
        commitments.build_table(
            await commitments.load_outstanding_commitments(reader, names)
        ).format_footer()[3]
        == "2"
    )
    assert refusals.build_table(await refusals.load_refusals(reader)).format_footer()[2] == "4"
    pages = [page async for page in refusals.stream_refused_lines(reader, names, 2)]
    assert [len(refusals.build_lines_table(page).rows) for page in pages] == [4]


@pytest.mark.parametrize(
    ("number", "parts"),
    [
        ((18 * 131_072 + 5) * 6, (2018, 5, "HT2", 0)),
        ((19 * 131_072 + 131_071) * 6 + 5, (2019, 131_071, "T2", 2)),
    ],
)
def test_a_node_number_is_split(number: int, parts: tuple[int, int, str, int]) -> None:
    node = BudgetNode.from_number(number)
    assert (node.year, node.centre, node.envelope, int(node.family)) == parts
    assert node.at_centre(7).at_centre(node.centre) == node


def test_a_period_is_a_month() -> None:
    assert format_month(18 * 16 + 12) == "2018-12"


def test_an_unknown_number_is_named_as_unknown(names: CodeNames) -> None:
    assert names.find_code(1, 99_999) == "no. 99999"
    assert names.find_centre_label("no. 99999", 2018) == ""
    assert names.find_level("no. 99999") is None
