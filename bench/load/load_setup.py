"""The budget and the payees of a load, sent to the service before it is put under load."""

import http.client
import json
import textwrap
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any, NamedTuple

from bench.load import load_budget
from bench.load.arrivals import Load, plan_arrivals
from bench.load.http_connections import Address
from bench.load.load_target import LoadFailed, SenderKey, Target

_RESPONSE_SECONDS = 60
_SHOWN_CHARACTERS = 300
_CUT = " ..."
_CONSEQUENCE = "What it has accepted stays in its journal."
_NOTHING_SENT = "Nothing was opened or registered: this was a dry run."
_REGISTERED = "PAYEE_ALREADY_REGISTERED"
_OTHER_PAYEES = (
    f"Third parties of its ledger have the codes of the load's payees ({load_budget.PAYEES} of them), so it cannot take this "
    "load: use the service of another ledger, such as a new one"
)


class _SetupForm(NamedTuple):
    """Acts that are sent as one form before the load."""

    key: SenderKey
    subject: str
    rows: list[load_budget.Row]


def create_budget(target: Target, budget: load_budget.LoadBudget) -> None:
    """Open credits for all senders and register payees, with forms that an earlier load may have sent already.

    A dry run of what depends on nothing else comes first: a service that would refuse it is sent nothing.

    Raises
    ------
    LoadFailed
        The service refused them, or gave no proper response.
    """
    target.report_progress("opening credits and registering payees")
    openings, allotments, registrations = _list_forms(target, budget)
    for form in (openings, registrations):
        _require_acceptance(target, form, is_dry_run=True)
    for form in (openings, allotments, registrations):
        _require_acceptance(target, form)


def _require_acceptance(target: Target, form: _SetupForm, *, is_dry_run: bool = False) -> None:
    consequence = _NOTHING_SENT if is_dry_run else _CONSEQUENCE
    try:
        result = _send_form(target.address, form, is_dry_run=is_dry_run)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise LoadFailed(
            f"{_describe_failure(target, form)}: {_describe_error(error)}. {consequence}"
        ) from error
    if not isinstance(result, dict) or result.get("outcome") not in ("accepted", "duplicate"):
        raise LoadFailed(f"{_describe_failure(target, form)}: {_describe_refusal(result)}. {consequence}")


def _list_forms(target: Target, budget: load_budget.LoadBudget) -> Iterator[_SetupForm]:
    openings = load_budget.build_opening_acts(budget)
    allotments = load_budget.build_allotment_acts(budget)
    yield _SetupForm(target.directorate_key, "the opening of credits", openings)
    yield _SetupForm(target.manager_key, "the allotment of credits", allotments)
    yield _SetupForm(
        target.accountant_key,
        "the registration of payees",
        load_budget.build_registration_acts(budget),
    )


def _send_form(address: Address, form: _SetupForm, *, is_dry_run: bool) -> Any:
    headers = {"authorization": f"Bearer {form.key.token}", "content-type": "application/json"}
    url = f"http://{address.host}:{address.port}/v1/acts{'?dry_run=true' if is_dry_run else ''}"
    request = urllib.request.Request(url, json.dumps(form.rows).encode(), headers)
    with urllib.request.urlopen(request, timeout=_RESPONSE_SECONDS) as response:  # noqa: S310
        content = response.read()
    try:
        return json.loads(content)
    except ValueError as error:
        raise ValueError(f"not JSON: {_shorten(content)}") from error


def _describe_failure(target: Target, form: _SetupForm) -> str:
    return f"http://{target.address.host}:{target.address.port} did not accept {form.subject} of the load"


def _describe_error(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"{error.code} {_shorten(error.read(_SHOWN_CHARACTERS))}"
    return str(error)


def _describe_refusal(result: Any) -> str:
    """Describe an answer, which may be of another program: a set cannot be asked for each of its values."""
    lines = result.get("lines") if isinstance(result, dict) else None
    objects = [line for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []
    refused = [line for line in objects if line.get("outcome") not in ("ACCEPTED", "DUPLICATE")]
    if not refused:
        return f"it states no outcome: {_shorten(json.dumps(result))}"
    first = _shorten(json.dumps(refused[:1]))
    return f"{first}. {_OTHER_PAYEES}" if refused[0].get("outcome") == _REGISTERED else first


def _shorten(text: bytes | str) -> str:
    """Return the begin of a text, cut between words."""
    decoded = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    words = textwrap.shorten(decoded, _SHOWN_CHARACTERS, placeholder=_CUT)
    return words if words != _CUT.strip() else decoded[:_SHOWN_CHARACTERS] + _CUT


def describe_load(load: Load, url: str) -> str:
    """Describe what a load sends to the service of somebody else."""
    budget = load_budget.build_budget()
    euros = load_budget.count_opened_euros(budget)
    files = f", and files of {load.file_lines:,} lines without a pause" if load.file_lines else ""
    return (
        f"This will be sent to {url}, and what it accepts stays in its journal for ever:\n"
        f"  credits of {euros:,} euros, opened in {len(budget.assignments)} programmes and allotted\n"
        f"  {len(budget.payees):,} payees\n"
        f"  {len(plan_arrivals(load).due):,} forms over {load.connections:,} connections{files}"
    )
