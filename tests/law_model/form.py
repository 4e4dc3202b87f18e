"""Read a line: the reasons of form, which the line alone decides (docs/format.md)."""

import re
from collections.abc import Mapping
from datetime import date

from tests.law_model.interface import KindColumns
from tests.law_model.kinds import CARRIES, CREDIT_KINDS, EARMARKS, ON_SERVICE, RECEIVABLES
from tests.law_model.state import Act, Row

DATES = (
    *("date", "posting_date", "received", "due", "invoice_date", "service_start"),
    *("suspension_notified", "suspension_ended"),
)
CONTRACTS = frozenset({"works", "supplies", "services", "concession", "works_balance", "none"})
ORDERS = ON_SERVICE | {"payment_request_without_service", "direct_payment_request", "advance_request"}
"""Requests that an authorising officer orders to pay: what they state of contract and term is judged."""
FINANCE_LAWS = frozenset({"finance_law", "amending_law"})
ORIGINS = FINANCE_LAWS | {"decree_of_advance", "transfer", "carry_over", "contribution_fund"}
LENGTHS: Mapping[str, int] = {
    "functional_area": 12,
    "commitment_item": 10,
    "fund": 12,
    "payee": 35,
    "payee_name": 140,
    "iban": 34,
    "bic": 11,
    "invoice_number": 70,
    "remittance": 280,
    "reason": 140,
}
_OWN_CODES = frozenset(
    {
        *("reference", "kind", "exercise", "line", "evidence_hash", "call_back"),
        *("entered_by", "validated_by", "reason"),
    }
)
"""Columns whose absence has another code than FIELD_MISSING."""
_AMOUNT = re.compile(r"-?\d+([.,]\d{1,2})?$")
_LIMIT = 100_000_000_000_000
_SEPA_LIMIT = 99_999_999_999


def read_line(row: Row, sender: str, kinds: Mapping[str, KindColumns]) -> tuple[Act, list[str]]:
    """Return the act with what can be read of it, and the codes of form."""
    act = Act(row, sender, row.get("kind", ""), 0, int(row.get("line") or 1))
    if not re.fullmatch(r"[ -~]{1,35}", row.get("reference", "")):
        return act, ["REFERENCE_INVALID"]
    if act.kind not in kinds:
        return act, ["KIND_UNKNOWN"]
    if not re.fullmatch(r"\d{4}", row.get("exercise", "")):
        return act, ["EXERCISE_UNKNOWN"]
    act.exercise = int(row["exercise"])
    columns = kinds[act.kind]
    codes = [*_check_missing(act, columns), *_check_fields(act), *_check_amount(act, columns)]
    return act, codes


def _check_missing(act: Act, columns: KindColumns) -> list[str]:
    needs = [name for name in columns.needs if name not in _OWN_CODES]
    assignment = ["fund_centre", "commitment_item"]
    if act.kind not in CREDIT_KINDS | RECEIVABLES | EARMARKS:
        assignment.append("functional_area")
    is_stated = any(act.text(name) for name in assignment)
    if columns.assignment == "needed" or (columns.assignment == "inherited" and is_stated):
        needs += assignment
    if columns.assignment == "`fund_centre` alone":
        needs.append("fund_centre")
    return ["FIELD_MISSING"] if any(not act.text(name) for name in needs) else []


def check_change(act: Act) -> list[str]:
    """Return what a change of bank details lacks: the hash of its evidence, the call back (docs/format.md)."""
    evidence = act.text("evidence_hash")
    codes = ["CALL_BACK_MISSING"] if not act.text("call_back").strip() else []
    if not re.fullmatch(r"[0-9A-Fa-f]{64}", evidence):
        codes.append("EVIDENCE_INVALID" if evidence else "EVIDENCE_MISSING")
    return codes


def check_persons(act: Act) -> list[str]:
    """Return what an act lacks that names two persons always: both, or one of them."""
    persons = {act.text("entered_by"), act.text("validated_by")}
    if persons == {""}:
        return ["TWO_PERSONS_MISSING"]
    return ["PERSON_MISSING"] if "" in persons else []


def _check_fields(act: Act) -> list[str]:
    codes: list[str] = []
    days = {name: _read_day(act.text(name)) for name in DATES if act.text(name)}
    if None in days.values():
        codes.append("FIELD_INVALID")
    if any(len(act.text(name).encode()) > length for name, length in LENGTHS.items()):
        codes.append("FIELD_INVALID")
    if act.text("budget_year") and not re.fullmatch(r"\d{4}", act.text("budget_year")):
        codes.append("FIELD_INVALID")
    if act.text("right_year") and int(act.text("right_year")) > act.exercise:
        codes.append("FIELD_INVALID")
    if act.kind.startswith(("budget_opening", "cancellation")) and act.text("origin") not in {"", *ORIGINS}:
        codes.append("FIELD_INVALID")
    if act.text("reference_sender") and act.kind not in CARRIES:
        codes.append("FIELD_INVALID")
    if act.kind in ORDERS and not codes and not _is_term_possible(act, days):
        codes.append("FIELD_INVALID")
    if codes:
        return codes
    act.own_day = days.get("date") or date.min
    act.day = days.get("posting_date") or act.own_day
    act.invoice_day, act.service_start = days.get("invoice_date"), days.get("service_start")
    act.due = days.get("due")
    act.budget_year = int(act.text("budget_year") or act.exercise)
    return codes


def _is_term_possible(act: Act, days: Mapping[str, date | None]) -> bool:
    """Return whether the contract exists, and the suspension of the term was over before the order (A59; decree 2013-269)."""
    if act.text("contract") and act.text("contract") not in CONTRACTS:
        return False
    if act.text("contract") == "works_balance" and (
        act.kind == "advance_request" or not act.text("received")
    ):
        return False  # the general account, from which the term of a balance runs, has its day (decree 2013-269 art. 2)
    notified, ended, ordered = (
        days.get(name) for name in ("suspension_notified", "suspension_ended", "date")
    )
    if notified is None or ended is None:
        return notified is ended
    return notified < ended and (ordered is None or ended <= ordered)


def _check_amount(act: Act, columns: KindColumns) -> list[str]:
    text = act.text("amount")
    if "amount" not in columns.needs or not text:
        return []
    if not is_amount(text):
        return ["AMOUNT_INVALID"]
    act.amount = read_cents(text)
    if act.amount < 0 or (
        act.amount == 0 and act.kind != "commitment_carry"
    ):  # nothing may be open of it (A64)
        return ["AMOUNT_NOT_POSITIVE"]
    if act.amount > _LIMIT:
        return ["AMOUNT_OVER_LIMIT"]
    return ["SEPA_LIMIT_EXCEEDED"] if act.text("method") == "sepa" and act.amount > _SEPA_LIMIT else []


def is_amount(text: str) -> bool:
    """Return whether a text is an amount, of whatever size."""
    return bool(_AMOUNT.match(text))


def read_cents(text: str) -> int:
    """Return an amount in cents; no binary fraction is ever made."""
    sign = -1 if text.startswith("-") else 1
    whole, _, part = text.lstrip("-").replace(",", ".").partition(".")
    return sign * (int(whole) * 100 + int(part.ljust(2, "0") if part else 0))


def write_euros(cents: int) -> str:
    """Return cents as the text of an amount."""
    return f"{cents // 100}.{cents % 100:02}"


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return None


def is_iban(text: str) -> bool:
    """Return whether an IBAN has the length of its country, as far as the model uses it, and right check digits."""
    if not re.fullmatch(r"FR\d{2}[A-Z0-9]{23}", text):
        return False
    digits = "".join(str(int(sign, 36)) for sign in text[4:] + text[:4])
    return int(digits) % 97 == 1
