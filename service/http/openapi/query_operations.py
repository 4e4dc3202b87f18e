"""The questions about the journal described, each with an answer that a service gave."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import msgspec

from reporting.budget_path import NodeStanding
from reporting.delays import Delays
from reporting.refusals import Refusals
from reporting.trial_balance import TrialBalance
from service.http.handlers.acts import KINDS, LINES_MAX, ActPage, FollowerPage
from service.http.handlers.budget import CENTRE_MAX, FUND_MAX, ProgrammePage
from service.http.handlers.open_items import CommitmentPage, PaymentPage
from service.http.handlers.reports import CSV, DELAYS_BY, LEVELS, PROGRAMME_MAX, SUBMISSION_MAX, BudgetPage
from service.http.openapi.operation import Operation, Parameter
from service.http.problems import MEDIA_TYPE as PROBLEM
from service.http.query_scope import BATCH_MAX, REFERENCE_MAX, SENDER_MAX, YEARS

ANSWERS = (
    *(ActPage, FollowerPage, CommitmentPage, PaymentPage, NodeStanding, ProgrammePage),
    *(TrialBalance, BudgetPage, Refusals, Delays),
)
EXAMPLES: Mapping[str, Any] = msgspec.json.decode(
    files("service.http.openapi").joinpath("examples.json").read_bytes(), type=dict[str, Any]
)
"""By path: what was asked, and the answer; the first entries of long lists."""

_WRONG: Mapping[str, str] = {"400": PROBLEM, "404": PROBLEM}


def _text(most: int, least: int = 1) -> Mapping[str, Any]:
    return {"type": "string", "minLength": least, "maxLength": most, "pattern": "^[^\\u0000]*$"}


def _number(least: int, most: int) -> Mapping[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most}


_REFERENCE = Parameter("reference", "The sender's own name for the act", _text(REFERENCE_MAX), True)
_SENDER = Parameter(
    "sender", "Only this sender's; another than the caller's for auditors alone", _text(SENDER_MAX)
)
_EXERCISE = Parameter("exercise", "Only this exercise", _number(*YEARS))
_OF_ACCEPTED = _EXERCISE._replace(
    told="Only this exercise; of accepted lines: a refused line is kept without one"
)
_KIND = Parameter("kind", "Only this kind of act", {"type": "string", "enum": list(KINDS)})
_PROOF = Parameter("proof", "Hash the rows of the batches again; as bounded as a report", {"type": "boolean"})
_CURSOR: Mapping[str, Any] = {
    "type": "string",
    "pattern": "^(entry-[0-9]{1,18}|refusal-[0-9]{1,18}-[0-9]{1,9})$",
}
_AFTER_LINE = Parameter("after", "As the page before says in `next`", _CURSOR)
_AFTER = Parameter("after", "As the page before says in `next`", _number(0, BATCH_MAX))
_BATCH = Parameter(
    "batch", "As it stood just after this batch; after the last if left out", _number(0, BATCH_MAX)
)
_YEAR = Parameter("year", "Only this budget year", _number(*YEARS))


def _limit(most: int) -> Parameter:
    return Parameter("limit", "How many on a page", _number(1, most))


def _operation(path: str, summary: str, answer: type, *query: Parameter, **more: Any) -> Operation:
    answers = {"200": answer, **_WRONG, **more.pop("answers", {})}
    return Operation(summary, answers, query, example=EXAMPLES[path]["answer"], **more)


_FOR_WHOM = (
    "For auditors and operators. Two reports are made at a time, one of each sender; who comes then is asked to come"
    " again (503)."
)
_STATES = (
    "`partly_rejected` and `rejected` tell what the accountant turned down. `partly_paid` and `paid` tell that acts"
    " of payment followed: transfers issued, set-offs, oppositions and assignments, listed under `settlements`;"
    " what the bank answered to a transfer follows its entry."
)
_SEEN = (
    "A caller sees its sender's acts, an auditor everybody's; a key with a perimeter only what lies in its"
    " programmes. What is not there and what is not the caller's are answered alike."
)
_IBAN = "IBANs are whole for accountants and auditors, and veiled for others."


def _acts() -> dict[str, Operation]:
    act, entry = "/v1/acts", "/v1/acts/{entry}"
    return {
        act: _operation(
            act,
            "The whole life of an act: its lines, the budget before and after, what followed, the batch; or why not",
            ActPage,
            *(_REFERENCE, _OF_ACCEPTED, _KIND, _SENDER, _PROOF, _limit(LINES_MAX), _AFTER_LINE),
            more=f"{_SEEN} {_IBAN}",
        ),
        entry: _operation(entry, "The line of a document number", ActPage, _PROOF, more=_IBAN),
        f"{entry}/followers": _operation(
            f"{entry}/followers",
            "What follows an entry directly, all of it, a page at a time",
            FollowerPage,
            *(_limit(1000), _AFTER),
        ),
    }


def _standings() -> dict[str, Operation]:
    commitments, payments = "/v1/commitments", "/v1/payments"
    asked = (_REFERENCE, _OF_ACCEPTED, _SENDER, _limit(100), _AFTER)
    return {
        commitments: _operation(
            commitments,
            "How a commitment stands, line by line: engaged, certified, requested and remaining AE, and what changed it",
            CommitmentPage,
            *asked,
            more=_SEEN,
        ),
        f"{commitments}/{{entry}}": _operation(
            f"{commitments}/{{entry}}", "How the commitment line of a document number stands", CommitmentPage
        ),
        payments: _operation(
            payments,
            "How a payment request stands, line by line: requested, or rejected, in part or whole; or why it was refused",
            PaymentPage,
            *asked,
            more=f"{_STATES} {_SEEN} {_IBAN}",
        ),
        f"{payments}/{{entry}}": _operation(
            f"{payments}/{{entry}}",
            "How the payment request line of a document number stands",
            PaymentPage,
            more=f"{_STATES} {_IBAN}",
        ),
    }


def _budget() -> dict[str, Operation]:
    nodes, programmes = "/v1/budget/nodes", "/v1/budget/programmes"
    return {
        nodes: _operation(
            nodes,
            "What a budget node holds in AE and in CP, those above it, and the level that leaves least",
            NodeStanding,
            Parameter("fund_centre", "Its fund centre", _text(CENTRE_MAX), True),
            _YEAR._replace(told="Its budget year", is_required=True),
            Parameter("staff", "Title 2 (payroll) rather than the other titles", {"type": "boolean"}),
            Parameter("fund", "A fund, for its family's node; ordinary credits if left out", _text(FUND_MAX)),
            _BATCH,
            more="For every key in whose perimeter the programme lies; figures are of all senders together.",
        ),
        programmes: _operation(
            programmes,
            "What every programme in the caller's perimeter holds",
            ProgrammePage,
            *(_YEAR, _BATCH, _limit(500), _AFTER),
        ),
    }


def _reports() -> dict[str, Operation]:
    names = ("trial-balance", "budget", "refusals", "delays")
    balance, budget, refusals, delays = (f"/v1/reports/{name}" for name in names)
    level: Mapping[str, Any] = {"type": "string", "enum": list(LEVELS)}
    return {
        balance: _report(
            balance, "Debit, credit and balance of every account", TrialBalance, _EXERCISE, _BATCH
        ),
        budget: _report(
            budget,
            "Execution of the budget at one level; a page of JSON, or all of it as CSV",
            BudgetPage,
            Parameter("level", "Level of the fund centres shown", level),
            Parameter("programme", "Only this programme", _text(PROGRAMME_MAX)),
            *(_YEAR, _BATCH, _limit(1000), _AFTER),
        ),
        refusals: _report(
            refusals,
            "Refused lines by reason, the most frequent first; in French where Accept-Language says so",
            Refusals,
            Parameter("submission", "Only of this submission", _number(1, SUBMISSION_MAX)),
        ),
        delays: _report(
            delays,
            "How long payments took, from request to debit; what came in time; interest due, proposed and paid",
            Delays,
            Parameter("by", "One row for each", {"type": "string", "enum": list(DELAYS_BY)}),
            _YEAR._replace(told="Only what was debited in this year"),
        ),
    }


def _report(path: str, summary: str, answer: type, *query: Parameter) -> Operation:
    # 409: the reference data lack what was asked for, such as the rate of a half-year
    answers = {"403": PROBLEM, "406": PROBLEM, "409": PROBLEM}
    texts = {CSV: EXAMPLES[path]["csv"]}
    return _operation(path, summary, answer, *query, answers=answers, texts=texts, more=_FOR_WHOM)


QUESTIONS: Mapping[tuple[str, str], Operation] = {
    ("GET", path): operation
    for path, operation in {**_acts(), **_standings(), **_budget(), **_reports()}.items()
}
