"""Random acts of authorising officers: commitments, service, requests."""

from datetime import date, timedelta

from tests.law_model.budget import NodeKey
from tests.law_model.form import write_euros
from tests.law_model.kinds import COMMITMENTS, INTEREST, PAYABLES, SERVICES
from tests.law_model.nomenclature import ORDINARY
from tests.law_model.state import Document, Row
from tests.law_model.year_context import (
    ABOVE_THRESHOLDS,
    ADVANCE_PLACES,
    FIRST_DAY,
    INVOICE_SERVICE_UNIT,
    PAYEES,
    PLACES,
    STAFF_PLACE,
    Place,
    YearContext,
)


def assign(place: Place) -> Row:
    """Return the columns of an account assignment."""
    return {
        "fund_centre": place.unit,
        "functional_area": place.area,
        "commitment_item": place.item,
        "fund": place.fund,
        "operation": place.operation,
    }


def write_commitment(context: YearContext) -> Row:
    """Engage AE; from November sometimes those of the next year; seldom title 2."""
    place = STAFF_PLACE if context.random.random() < 0.03 else context.random.choice(PLACES)
    row = context.begin_row("EJ", "commitment", amount=write_euros(context.draw_amount()), **assign(place))
    if context.day.year > FIRST_DAY.year and context.random.random() < 0.1:
        row["reference"] = f"EJ-{context.random.randrange(context.written):06}"  # names begin again each year
    if context.random.random() < 0.3:
        row["payee"] = context.random.choice(PAYEES)
    if context.random.random() < 0.02:
        row["amount"] = write_euros(context.draw_amount() + ABOVE_THRESHOLDS)  # a visa is needed
    if context.random.random() < 0.1:
        row["account"] = context.random.choice([*_list_accounts(context), "6999990000"])
    if context.model.rules.has("BUDGET_YEAR_CLOSED") and context.random.random() < _anticipation_rate(
        context
    ):
        row |= _commit_in_advance(context, row, place)
    return row


def _commit_in_advance(context: YearContext, row: Row, place: Place) -> Row:
    """Return the columns that take AE of the next year; now and then all that is left of the quarter, or a cent more."""
    columns = {"budget_year": str(date.fromisoformat(row["date"]).year + 1)} | _start_service(context)
    if context.random.random() < 0.7:
        place = context.random.choice(ADVANCE_PLACES)
    place = context.move_place(place, int(columns["budget_year"]))
    columns |= assign(place)
    year = context.model.state.reference.years.get(int(columns["budget_year"]))
    if year is None:
        return columns
    family, staff = year.funds[place.fund or ORDINARY][0], year.items[place.item].staff
    key = NodeKey(int(columns["budget_year"]), place.unit, staff, family)
    quarter = context.model.state.budget.find_quarter(key, place.item, place.operation)
    if quarter > 0 and context.random.random() < 0.12:
        columns["amount"] = write_euros(quarter + context.random.choice((0, 1)))
    return columns


def _start_service(context: YearContext) -> Row:
    """Return the day from which service is due: in the next year, now and then before it."""
    start = date(context.day.year + 1, 1, 1) + timedelta(days=context.random.choice((-5, -1, *range(30))))
    return {"service_start": start.isoformat()}


def _list_accounts(context: YearContext) -> list[str]:
    return sorted(context.model.state.reference.years[2018].accounts)


def _anticipation_rate(context: YearContext) -> float:
    return 0.6 if (context.day.year, context.day.month) in {(2018, 11), (2018, 12)} else 0.01


def _is_open(act: Document) -> bool:
    return act.kind in COMMITMENTS and act.uncommitted > 0


def write_increase(context: YearContext) -> Row | None:
    """Raise a commitment."""
    commitment = context.choose_followed(lambda act: act.kind in COMMITMENTS)
    if commitment is None:
        return None
    columns = {"amount": write_euros(context.draw_amount())} | context.name_predecessor(commitment)
    if commitment.key and commitment.key.year > context.day.year:
        columns |= _start_service(context)
    return context.begin_row("EC", "commitment_increase", **columns)


def write_decrease(context: YearContext) -> Row | None:
    """Withdraw a part of a commitment."""
    commitment = context.choose_followed(_is_open)
    if commitment is None:
        return None
    amount = context.draw_part(commitment.uncommitted)
    return context.begin_row(
        "ER", "commitment_decrease", amount=amount, **context.name_predecessor(commitment)
    )


def write_prior_withdrawal(context: YearContext) -> Row | None:
    """Withdraw a part of a commitment, mostly of the year before, now and then in a recycling case."""
    commitment = context.choose_followed(_is_open)
    if commitment is None:
        return None
    columns = {"amount": context.draw_part(commitment.uncommitted)} | context.name_predecessor(commitment)
    if case := context.random.choice(("", "", *("affectation",) * 3, "arrete", "retour")):
        columns["recycling_case"] = case
    return context.begin_row("RA", "prior_withdrawal", **columns)


def write_reversal(context: YearContext) -> Row | None:
    """Reverse a commitment or a change of one, mostly one that nothing follows, now and then in part."""
    kinds = COMMITMENTS | {"commitment_increase", "commitment_decrease"}
    is_careful = context.random.random() < 0.8
    original = context.choose_followed(
        lambda act: act.kind in kinds and not (is_careful and (act.followers or act.is_reversed))
    )
    if original is None:
        return None
    kind = "commitment_reversal" if original.kind in COMMITMENTS else "commitment_change_reversal"
    amount = write_euros(original.amount) if is_careful else context.draw_part(original.amount)
    return context.begin_row("EX", kind, amount=amount, **context.name_predecessor(original))


def write_service(context: YearContext) -> Row | None:
    """Certify service; sometimes on a commitment of the same file that may stand later."""
    fresh = [row for row in context.rows if row.get("kind") == "commitment"]
    if fresh and context.random.random() < 0.25:
        row = context.random.choice(fresh)
        return context.begin_row("SF", "service", predecessor=row["reference"], amount=row.get("amount", "1"))
    commitment = context.choose_followed(_is_open)
    if commitment is None:
        return None
    amount = context.draw_part(commitment.uncommitted)
    return context.begin_row("SF", "service", amount=amount, **context.name_predecessor(commitment))


def write_cancellation(context: YearContext) -> Row | None:
    """Cancel certified service, which may be billed already."""
    service = context.choose_followed(lambda act: act.kind in SERVICES and act.left > 0)
    if service is None:
        return None
    amount = context.draw_part(service.left)
    return context.begin_row("SA", "service_cancellation", amount=amount, **context.name_predecessor(service))


def _bill(context: YearContext, row: Row) -> Row:
    """Add what a request may state of its payee, term and invoice."""
    row["payee"] = context.random.choice(PAYEES)
    payee = context.model.state.payees.get(row["payee"])
    if payee and context.random.random() < 0.3:
        row["iban"] = payee.iban
    if context.random.random() < 0.2:
        row["received"] = row["date"]
    if context.random.random() < 0.4:
        row |= _name_invoice(context, row)
    if context.model.rules.has_column("right_year") and context.random.random() < 0.08:
        row["right_year"] = str(context.day.year - context.random.choice((0, 1, 4, 5, 6)))
    if context.model.rules.has_column("prescription_stop") and context.random.random() < 0.05:
        row["prescription_stop"] = "interruption 2017-12"
    return row | _name_term(context, row)


def _name_term(context: YearContext, row: Row) -> Row:
    """Return the contract that a request states, and the suspension of its term; now and then one that cannot be."""
    columns: Row = {}
    if context.model.rules.has_column("contract") and context.random.random() < 0.06:
        columns["contract"] = context.random.choice(
            ("works", "works_balance", "services", "concession", "none", "lease")
        )
    if context.model.rules.has_column("suspension_notified") and context.random.random() < 0.08:
        ordered = date.fromisoformat(row["date"])
        notified, ended = (
            ordered - timedelta(days=context.random.choice(days)) for days in ((4, 9, 30), (-1, 0, 2, 4, 20))
        )
        columns |= {"suspension_notified": notified.isoformat(), "suspension_ended": ended.isoformat()}
        if context.random.random() < 0.1:
            del columns[context.random.choice(("suspension_notified", "suspension_ended"))]
    return columns


def _name_invoice(context: YearContext, row: Row) -> Row:
    """Return the columns of a new invoice, or of one that an earlier request named, or a part of it."""
    context.written += 1
    day = date.fromisoformat(row["date"]) - timedelta(days=context.random.choice((3, 9, 30, 1_100, 2_200)))
    columns = {"invoice_number": f"F-{context.written}", "invoice_date": day.isoformat()}
    claim = context.choose(lambda act: act.invoice is not None)
    if claim and claim.invoice and context.random.random() < 0.3:
        payee, number, text = claim.invoice
        columns = {"payee": payee, "invoice_number": number, "invoice_date": text}
    if context.random.random() < 0.1:
        columns["invoice_date"] = ""
    if context.model.rules.has_column("invoice_part") and context.random.random() < 0.2:
        columns["invoice_part"] = str(context.random.randint(1, 3))
    return columns


def write_request(context: YearContext) -> Row | None:
    """Ask for the payment of certified service, now and then of one on which its supplier had an advance."""
    suppliers = _list_advanced(context) if context.random.random() < 0.2 else {}
    commitment = context.choose_followed(
        lambda act: (
            act.kind in COMMITMENTS
            and act.certified > act.billed
            and (not suppliers or act.number in suppliers)
        )
    )
    if commitment is None:
        return None
    amount = context.draw_part(commitment.certified - commitment.billed)
    row = context.begin_row("DP", "payment_request", amount=amount, **context.name_predecessor(commitment))
    supplier = suppliers.get(commitment.number)
    return _bill(context, row) | ({"payee": supplier, "iban": ""} if supplier else {})


def _list_advanced(context: YearContext) -> dict[int, str]:
    """Return the suppliers who had an advance by the number of their commitment, where it goes on."""
    return {
        act.predecessor.now.number: act.payee
        for act in context.model.state.documents
        if act.kind == "advance_request" and act.predecessor
    }


def write_invoice_request(context: YearContext) -> Row | None:
    """Ask for the payment of certified service as an invoice service, mostly where there is one."""
    is_elsewhere = context.random.random() < 0.1
    commitment = context.choose(
        lambda act: (
            act.kind in COMMITMENTS
            and act.certified > act.billed
            and act.exercise == context.day.year
            and (is_elsewhere or (act.key is not None and act.key.centre == INVOICE_SERVICE_UNIT))
        )
    )
    if commitment is None:
        return None
    amount = context.draw_part(commitment.certified - commitment.billed)
    row = context.begin_row("DF", "invoice_request", amount=amount, **context.name_predecessor(commitment))
    return _bill(context, row)


def write_unserved_request(context: YearContext) -> Row | None:
    """Ask for a payment whose service is certified with it."""
    commitment = context.choose_followed(_is_open)
    if commitment is None:
        return None
    amount = context.draw_part(commitment.uncommitted)
    kind = "payment_request_without_service"
    nature = context.random.choice(("location", "voyage", "logiciel", "acompte", "mobilier", ""))
    columns = context.name_predecessor(commitment) | {"nature": nature}
    return _bill(context, context.begin_row("DQ", kind, amount=amount, **columns))


def write_advance(context: YearContext) -> Row | None:
    """Ask for an advance on a commitment, mostly of title 3."""
    is_any = context.random.random() < 0.2
    commitment = context.choose_followed(lambda act: _is_open(act) and (is_any or act.item == "31"))
    if commitment is None:
        return None
    amount = context.draw_part(commitment.uncommitted // 2)
    columns = context.name_predecessor(commitment)
    row = _bill(context, context.begin_row("AV", "advance_request", amount=amount, **columns))
    return row if context.random.random() < 0.03 else {"received": row["date"], **row}


def write_interest(context: YearContext) -> Row | None:
    """Claim late interest with a reason, mostly on title 3 where the debt is, or on the assignment of the debt."""
    debt = context.choose_followed(lambda act: act.kind in PAYABLES)
    if debt is None or debt.key is None:
        return None
    amount = write_euros(context.draw_amount(20_000))
    columns = context.name_predecessor(debt) | {"reason": "jugement", "amount": amount}
    columns["payee"] = debt.payee or context.random.choice(PAYEES)
    if context.random.random() < 0.7:
        place = Place(debt.key.centre, debt.area, "31")
        columns |= assign(place if context.random.random() < 0.9 else context.random.choice(PLACES))
    return context.begin_row("IM", INTEREST, **columns)


def write_direct_request(context: YearContext) -> Row:
    """Ask for a payment without commitment."""
    place = STAFF_PLACE if context.random.random() < 0.15 else context.random.choice(PLACES)
    amount = write_euros(context.draw_amount(200_000))
    row = context.begin_row("DD", "direct_payment_request", amount=amount, **assign(place))
    if context.random.random() < 0.3:
        row["account"] = context.random.choice(_list_accounts(context))
    return _bill(context, row)


WRITERS = (
    (24, write_commitment),
    (3, write_increase),
    (6, write_decrease),
    (4, write_prior_withdrawal),
    (3, write_reversal),
    (22, write_service),
    (3, write_cancellation),
    (20, write_request),
    (5, write_unserved_request),
    (5, write_advance),
    (10, write_direct_request),
    (3, write_interest),
)
