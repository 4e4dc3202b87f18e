"""Arguments of reports that name something: what nothing has is an error, as figures of zero would mislead."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from core.errors import NoSuchRecord, UnknownCode
from reporting.closing_reports import UP_TO_MONTH
from reporting.code_names import ACCOUNT, ACCOUNTANT, CodeNames
from reporting.report_definition import ParameterType, Report, ReportArguments
from reporting.report_queries import Connection, fetch, fetch_one, find_batch_or_last
from reporting.visibility import WHOLE_JOURNAL, Visibility

_NEAR_MAX = 10
"""Accounts that a message names."""


async def check_arguments(
    connection: Connection, names: CodeNames, report: Report, *, arguments: ReportArguments
) -> None:
    """Check that what the arguments of a report name exists.

    Raises
    ------
    UnknownCode
        The reference data have no such programme, accountant, account or year; the message lists those that they have.
        Or the last day is before the first one, or a month has no exercise.
    NoSuchRecord
        There is no such batch, submission or third party, or no submission of such a sender.
    """
    if have_no_day(arguments.values):
        days = (arguments.values[name] for name in ("first_day", "last_day"))
        raise UnknownCode("--first-day {} is after --last-day {}: no entry has such a day".format(*days))
    if lacks_exercise(report, arguments.values):
        raise UnknownCode("--month is of an exercise: name it with --exercise")
    check_codes(names, report, arguments.values)
    for parameter in report.parameters:
        value = arguments.values[parameter.name]
        if value is None:
            continue
        match parameter.type:
            case ParameterType.YEAR:
                _check_year(names, f"--{parameter.name}", value, years_after=parameter.years_after)
            case ParameterType.BATCH:
                await check_batch(connection, value)
            case ParameterType.SUBMISSION:
                await check_submission(connection, value)
            case ParameterType.SENDER:
                await _check_sender(connection, value)
            case ParameterType.PAYEE:
                await _check_payee(connection, value)


def check_codes(names: CodeNames, report: Report, values: Mapping[str, Any]) -> None:
    """Check that the programme, the accountant and the account that the values of a report name exist.

    Raises
    ------
    UnknownCode
        The reference data have no such one; the message lists those that they have.
    """
    for parameter in report.parameters:
        value = values[parameter.name]
        if value is None:
            continue
        match parameter.type:
            case ParameterType.PROGRAMME:
                _check_programme(names, value)
            case ParameterType.ACCOUNTANT:
                _check_accountant(names, value)
            case ParameterType.ACCOUNT:
                _check_account(names, value, parameter.account_starts)


async def set_batch(connection: Connection, report: Report, arguments: ReportArguments) -> ReportArguments:
    """Return the arguments with the last batch if they may name one and do not: all parts of a report are as of one batch."""
    batches = [parameter.name for parameter in report.parameters if parameter.type is ParameterType.BATCH]
    last = await find_batch_or_last(connection, None)
    batch = {name: last for name in batches if arguments.values[name] is None}
    return arguments._replace(values={**arguments.values, **batch})


async def check_batch(connection: Connection, number: int) -> None:
    """Raise ``NoSuchRecord`` unless there is a batch with this number; 0 is the state before the first."""
    last = await find_batch_or_last(connection, None)
    if number > last:
        raise NoSuchRecord(f"There is no batch {number:,}: the last one is {last:,}")


async def check_submission(connection: Connection, number: int) -> None:
    """Raise ``NoSuchRecord`` unless there is a submission with this number."""
    row = await fetch_one(connection, "submission_known", number)
    if not row["is_known"]:
        raise NoSuchRecord(f"There is no submission {number:,}: the last one is {row['last']:,}")


async def find_sender(connection: Connection, sender: str, visibility: Visibility) -> bool | None:
    """Return whether a submission of a sender, or a refused line of it, is visible; None if there is no submission of it."""
    row = await fetch_one(connection, "sender_known", sender, *visibility)
    return bool(row["is_seen"]) if row["is_known"] else None


async def _check_sender(connection: Connection, sender: str) -> None:
    if await find_sender(connection, sender, WHOLE_JOURNAL) is not None:
        return
    senders = [row["sender"] for row in await fetch(connection, "senders")]
    raise NoSuchRecord(f"There is no submission of {sender}. {_list_near(sender, senders)}")


async def _check_payee(connection: Connection, code: str) -> None:
    if not await fetch(connection, "payees_of_code", code):
        raise NoSuchRecord(f"There is no third party {code}")


def _list_near(name: str, names: Sequence[str]) -> str:
    if near := get_close_matches(name, names):
        return f"Similar are {', '.join(near)}"
    return f"All senders are {', '.join(names)}" if names else "There is no submission yet"


def _check_programme(names: CodeNames, code: str) -> None:
    programmes = sorted({programme for year in names.codes.years.values() for programme in year.programmes})
    if code not in programmes:
        near = get_close_matches(code, programmes)
        hint = f"Similar are {', '.join(near)}. " if near else ""
        raise UnknownCode(
            f"--programme {code}: there is no such programme. {hint}All are {', '.join(programmes)}"
        )


def _check_accountant(names: CodeNames, code: str) -> None:
    accountants = sorted(names.by_number[ACCOUNTANT].values())
    if code not in accountants:
        raise UnknownCode(
            f"--accountant {code}: there is no such accountant. All are {', '.join(accountants)}"
        )


def _check_account(names: CodeNames, digits: str, starts: tuple[str, ...]) -> None:
    accounts = sorted(names.by_number[ACCOUNT].values())
    if not any(account.startswith(digits) for account in accounts):
        hint = _list_near_accounts(digits, accounts)
        raise UnknownCode(f"--account {digits}: no account of the charts begins so. {hint}")
    if starts and not any(account.startswith(digits) and account.startswith(starts) for account in accounts):
        raise UnknownCode(
            f"--account {digits}: this report lists no such account. It lists those that begin with {', '.join(starts)}"
        )


def _list_near_accounts(digits: str, accounts: Sequence[str]) -> str:
    """Return the accounts that begin with as many of the digits as any does, up to a few."""
    lengths = range(len(digits) - 1, -1, -1)
    starts = ([account for account in accounts if account.startswith(digits[:length])] for length in lengths)
    near: list[str] = next(filter(None, starts), [])
    more = f", and {len(near) - _NEAR_MAX} more" if len(near) > _NEAR_MAX else ""
    return f"The nearest are {', '.join(near[:_NEAR_MAX])}{more}"


def have_no_day(values: Mapping[str, Any]) -> bool:
    """Return whether the last day of a report is before its first one, so that it would be empty."""
    first, last = values.get("first_day"), values.get("last_day")
    return first is not None and last is not None and last < first


def lacks_exercise(report: Report, values: Mapping[str, Any]) -> bool:
    """Return whether a report is up to a month, and nothing says of which exercise."""
    is_up_to_month = UP_TO_MONTH in report.parameters and values["month"] is not None
    return is_up_to_month and values.get("exercise") is None


def _check_year(names: CodeNames, option: str, year: int, *, years_after: int) -> None:
    years = sorted(names.codes.years)
    if not years[0] <= year <= years[-1] + years_after:
        raise UnknownCode(
            f"{option} {year}: the reference data have no such year. They have {', '.join(map(str, years))}"
        )
