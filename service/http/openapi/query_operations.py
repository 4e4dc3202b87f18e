"""The questions about the journal described, each with an answer that a service gave."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import msgspec

from reporting.budget_path import NodeStatus
from reporting.delays import Delays
from reporting.refusals import Refusals
from reporting.trial_balance import TrialBalance
from service.http.handlers.acts import KIND_NAMES, PAGE_LINES_MAX, ActPage, FollowerPage
from service.http.handlers.budget import CENTRE_LENGTH_MAX, FUND_LENGTH_MAX, ProgrammePage
from service.http.handlers.open_items import CommitmentPage, PaymentPage
from service.http.handlers.reports import CSV, DELAYS_BY, LEVELS, PROGRAMME_MAX, SUBMISSION_MAX, BudgetPage
from service.http.openapi.operation import Operation, Parameter
from service.http.problems import MEDIA_TYPE as PROBLEM
from service.http.query_scope import BATCH_NUMBER_MAX, REFERENCE_LENGTH_MAX, SENDER_LENGTH_MAX, YEAR_RANGE

QUERY_RESPONSE_TYPES = (
    *(ActPage, FollowerPage, CommitmentPage, PaymentPage, NodeStatus, ProgrammePage),
    *(TrialBalance, BudgetPage, Refusals, Delays),
)
EXAMPLES: Mapping[str, Any] = msgspec.json.decode(
    files("service.http.openapi").joinpath("examples.json").read_bytes(), type=dict[str, Any]
)
"""By path: what was asked, and the answer; the first entries of long lists."""

_QUERY_PROBLEMS: Mapping[str, str] = {"400": PROBLEM, "404": PROBLEM}


def _build_text_schema(most: int, least: int = 1) -> Mapping[str, Any]:
    return {"type": "string", "minLength": least, "maxLength": most, "pattern": "^[^\\u0000]*$"}


def _build_number_schema(least: int, most: int) -> Mapping[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most}


_REFERENCE = Parameter(
    "reference", "The sender's own name for the act", _build_text_schema(REFERENCE_LENGTH_MAX), True
)
_SENDER = Parameter(
    "sender",
    "Only this sender's; another than the caller's for auditors alone",
    _build_text_schema(SENDER_LENGTH_MAX),
)
_EXERCISE = Parameter("exercise", "Only this exercise", _build_number_schema(*YEAR_RANGE))
_EXERCISE_OF_ACCEPTED = _EXERCISE._replace(
    told="Only this exercise; of accepted lines: a refused line is kept without one"
)
_KIND = Parameter("kind", "Only this kind of act", {"type": "string", "enum": list(KIND_NAMES)})
_PROOF = Parameter("proof", "Hash the rows of the batches again; as bounded as a report", {"type": "boolean"})
_CURSOR_SCHEMA: Mapping[str, Any] = {
    "type": "string",
    "pattern": "^(entry-[0-9]{1,18}|refusal-[0-9]{1,18}-[0-9]{1,9})$",
}
_AFTER_CURSOR = Parameter("after", "As the page before says in `next`", _CURSOR_SCHEMA)
_AFTER = Parameter("after", "As the page before says in `next`", _build_number_schema(0, BATCH_NUMBER_MAX))
_BATCH = Parameter(
    "batch",
    "As it stood just after this batch; after the last if left out",
    _build_number_schema(0, BATCH_NUMBER_MAX),
)
_YEAR = Parameter("year", "Only this budget year", _build_number_schema(*YEAR_RANGE))


def _build_limit(most: int) -> Parameter:
    return Parameter("limit", "How many on a page", _build_number_schema(1, most))


def _build_operation(path: str, summary: str, answer: type, *query: Parameter, **more: Any) -> Operation:
    answers = {"200": answer, **_QUERY_PROBLEMS, **more.pop("answers", {})}
    return Operation(summary, answers, query, example=EXAMPLES[path]["answer"], **more)


_REPORT_ACCESS = (
    "For auditors and operators. Two reports are made at a time, one of each sender; who comes then is asked to come"
    " again (503)."
)
_PAYMENT_STATES = (
    "`partly_rejected` and `rejected` tell what the accountant turned down. `partly_paid` and `paid` tell that acts"
    " of payment followed: transfers issued, set-offs, oppositions and assignments, listed under `settlements`;"
    " what the bank answered to a transfer follows its entry."
)
_VISIBILITY = (
    "A caller sees its sender's acts, an auditor everybody's; a key with a perimeter only what lies in its"
    " programmes. What is not there and what is not the caller's are answered alike."
)
_IBAN_MASKING = "IBANs are whole for accountants and auditors, and veiled for others."


def _build_act_operations() -> dict[str, Operation]:
    act, entry = "/v1/acts", "/v1/acts/{entry}"
    return {
        act: _build_operation(
            act,
            "The whole life of an act: its lines, the budget before and after, what followed, the batch; or why not",
            ActPage,
            *(
                _REFERENCE,
                _EXERCISE_OF_ACCEPTED,
                _KIND,
                _SENDER,
                _PROOF,
                _build_limit(PAGE_LINES_MAX),
                _AFTER_CURSOR,
            ),
            more=f"{_VISIBILITY} {_IBAN_MASKING}",
        ),
        entry: _build_operation(entry, "The line of a document number", ActPage, _PROOF, more=_IBAN_MASKING),
        f"{entry}/followers": _build_operation(
            f"{entry}/followers",
            "What follows an entry directly, all of it, a page at a time",
            FollowerPage,
            *(_build_limit(1000), _AFTER),
        ),
    }


def _build_open_item_operations() -> dict[str, Operation]:
    commitments, payments = "/v1/commitments", "/v1/payments"
    asked = (_REFERENCE, _EXERCISE_OF_ACCEPTED, _SENDER, _build_limit(100), _AFTER)
    return {
        commitments: _build_operation(
            commitments,
            "How a commitment stands, line by line: engaged, certified, requested and remaining AE, and what changed it",
            CommitmentPage,
            *asked,
            more=_VISIBILITY,
        ),
        f"{commitments}/{{entry}}": _build_operation(
            f"{commitments}/{{entry}}", "How the commitment line of a document number stands", CommitmentPage
        ),
        payments: _build_operation(
            payments,
            "How a payment request stands, line by line: requested, or rejected, in part or whole; or why it was refused",
            PaymentPage,
            *asked,
            more=f"{_PAYMENT_STATES} {_VISIBILITY} {_IBAN_MASKING}",
        ),
        f"{payments}/{{entry}}": _build_operation(
            f"{payments}/{{entry}}",
            "How the payment request line of a document number stands",
            PaymentPage,
            more=f"{_PAYMENT_STATES} {_IBAN_MASKING}",
        ),
    }


def _build_budget_operations() -> dict[str, Operation]:
    nodes, programmes = "/v1/budget/nodes", "/v1/budget/programmes"
    return {
        nodes: _build_operation(
            nodes,
            "What a budget node holds in AE and in CP, those above it, and the level that leaves least",
            NodeStatus,
            Parameter("fund_centre", "Its fund centre", _build_text_schema(CENTRE_LENGTH_MAX), True),
            _YEAR._replace(told="Its budget year", is_required=True),
            Parameter("staff", "Title 2 (payroll) rather than the other titles", {"type": "boolean"}),
            Parameter(
                "fund",
                "A fund, for its family's node; ordinary credits if left out",
                _build_text_schema(FUND_LENGTH_MAX),
            ),
            _BATCH,
            more="For every key in whose perimeter the programme lies; figures are of all senders together.",
        ),
        programmes: _build_operation(
            programmes,
            "What every programme in the caller's perimeter holds",
            ProgrammePage,
            *(_YEAR, _BATCH, _build_limit(500), _AFTER),
        ),
    }


def _build_report_operations() -> dict[str, Operation]:
    names = ("trial-balance", "budget", "refusals", "delays")
    balance, budget, refusals, delays = (f"/v1/reports/{name}" for name in names)
    level: Mapping[str, Any] = {"type": "string", "enum": list(LEVELS)}
    return {
        balance: _build_report_operation(
            balance, "Debit, credit and balance of every account", TrialBalance, _EXERCISE, _BATCH
        ),
        budget: _build_report_operation(
            budget,
            "Execution of the budget at one level; a page of JSON, or all of it as CSV",
            BudgetPage,
            Parameter("level", "Level of the fund centres shown", level),
            Parameter("programme", "Only this programme", _build_text_schema(PROGRAMME_MAX)),
            *(_YEAR, _BATCH, _build_limit(1000), _AFTER),
        ),
        refusals: _build_report_operation(
            refusals,
            "Refused lines by reason, the most frequent first; in French where Accept-Language says so",
            Refusals,
            Parameter("submission", "Only of this submission", _build_number_schema(1, SUBMISSION_MAX)),
        ),
        delays: _build_report_operation(
            delays,
            "How long payments took, from request to debit; what came in time; interest due, proposed and paid",
            Delays,
            Parameter("by", "One row for each", {"type": "string", "enum": list(DELAYS_BY)}),
            _YEAR._replace(told="Only what was debited in this year"),
        ),
    }


def _build_report_operation(path: str, summary: str, answer: type, *query: Parameter) -> Operation:
    # 409: the reference data lack what was asked for, such as the rate of a half-year
    answers = {"403": PROBLEM, "406": PROBLEM, "409": PROBLEM}
    texts = {CSV: EXAMPLES[path]["csv"]}
    return _build_operation(path, summary, answer, *query, answers=answers, texts=texts, more=_REPORT_ACCESS)


QUERY_OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("GET", path): operation
    for path, operation in {
        **_build_act_operations(),
        **_build_open_item_operations(),
        **_build_budget_operations(),
        **_build_report_operations(),
    }.items()
}
