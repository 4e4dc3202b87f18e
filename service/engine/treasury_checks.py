"""Step C11: each operations account has in the books what the bank states, and none is without a statement (rule A56).

What no statement proves blocks: an account from which something was sent, or on which the books have something, without a
statement, or with one that does not reach the end of the year; what the first statement opens with beyond the books; receipts
by hand that the bank did not credit in the year; and movements that are not posted, or of which the journal refused the acts.
Where no statement closes on 31 December, the balance of that day is not compared, and a finding says so.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from closing import review_queries
from closing.journal_queries import Connection
from core.account_roles import Role
from core.accountants import Accountants
from core.money import format_euros
from posting.book.registry import ReferenceData
from posting.store.step_executions import StepFinding
from settlement.reconciliation.account_status import AccountStatus, AccountUpToDay, load_report_up_to_day

_STATUS = "look for the cause by crescendo bank status: statements and books differ by it"
_IMPORT = (
    "import the statements of the bank up to {last_day}, or a later one: crescendo bank import FILE; in the order of their "
    "days, as each opens with what the one before it closes with; if the bank gave the accountant another account, name that "
    "one in accountants.csv"
)
_REFUSED = (
    "crescendo bank unmatched names each with its reason: mend that, then crescendo bank import --again FILE"
)
_TAKE_BACK = (
    "take the receipt back in the books of {last_day.year}: open December again, and send a receipt_reversal of a day up to "
    "{last_day}"
)
_BY_HAND = (
    "import the statement that has the credit of a day up to {last_day}: crescendo bank import FILE; if there is none, "
    + _TAKE_BACK
)
_LATE_CREDIT = (
    f"{_TAKE_BACK}; then crescendo bank import --again FILE posts the credit as a receipt of its own day"
)
_UNOPENED = "the books have no opening of it: execute C14 of the year before that statement; nothing else opens an account"
_BALANCE = (
    "the bank states {bank} euros, the books have {books}: if no other line explains it, look for an act that stands in "
    "another year than its movement, such as what a notice posted in December and a statement of January books"
)
_NOT_COMPARED = (
    "no statement of {accounts} closes on that day, and a later one does not state its balance; import one that does before "
    "later ones: after them it is refused, unless it opens with what the last one closes with"
)


async def compare_treasury(connection: Connection, reference: ReferenceData, year: int) -> list[StepFinding]:
    """Compare each operations account with what the bank states; what nothing proves, to the cent, blocks."""
    last_day = date(year, 12, 31)
    report, up_to_day = await load_report_up_to_day(connection, reference.accountants, last_day)
    treasury = reference.charts[year].shared_accounts[Role.TREASURY]
    balances = await review_queries.list_accountant_balances(connection, year, treasury)
    books = await review_queries.load_balances_on_day(connection, last_day, treasury)
    bank_accounts = [row for row in report.accounts if row.bank is not None]
    rejected = StepFinding("transfers rejected after their debit", 1, report.rejected_debits, True, _STATUS)
    later_accounts = _list_later_accounts(reference, year)
    return [
        StepFinding(
            "balances that the bank states", len(bank_accounts), sum(row.bank or 0 for row in bank_accounts)
        ),
        *_list_missing_statements(
            [row for row in report.accounts if row.account not in later_accounts],
            {row.name: row.cents for row in balances},
            reference.accountants[year],
            bank_names={row.account for row in bank_accounts},
        ),
        *_list_old_statements(bank_accounts, reference.accountants[year]),
        *(
            StepFinding(f"bank difference of {row.account}", 1, row.difference, True, _STATUS)
            for row in bank_accounts
            if row.difference
        ),
        *([rejected] if report.rejected_debits else []),
        *_list_missing_openings(row for row in bank_accounts if row.account not in later_accounts),
        *_compare_balances(
            books, {row.account: up_to_day[row.account] for row in bank_accounts}, reference, year=year
        ),
        *_list_movements(report.accounts, up_to_day, last_day),
        *_list_receipts(up_to_day, [row.account for row in report.accounts], last_day),
    ]


def _list_later_accounts(reference: ReferenceData, year: int) -> set[str]:
    """Return the accounts that only later years have: what they have is theirs to prove."""
    by_year = {number: years.accountants.values() for number, years in reference.accountants.items()}
    of_later_years = {row.iban for number, rows in by_year.items() if number > year for row in rows}
    return of_later_years - {row.iban for number, rows in by_year.items() if number <= year for row in rows}


def _list_missing_statements(
    accounts: Iterable[AccountStatus],
    balances: Mapping[str, int],
    accountants: Accountants,
    *,
    bank_names: set[str],
) -> Iterator[StepFinding]:
    """Yield the accounts without any statement: from which something was sent, or on which an accountant has something.

    ``balances`` has the cents of each accountant at the end of the year.
    """
    of_year = accountants.accountants
    missing = {row.account: row.transit for row in accounts if row.bank is None}
    for code, cents in balances.items():
        account = of_year[code].iban if code in of_year else f"of accountant {code}"
        if account not in bank_names:
            missing[account] = missing.get(account, 0) + cents
    for account, cents in missing.items():
        detail = _IMPORT.format(last_day=date(accountants.year, 12, 31))
        yield StepFinding(f"operations account {account} without a statement", 1, cents, True, detail)


def _list_old_statements(
    bank_accounts: Iterable[AccountStatus], accountants: Accountants
) -> Iterator[StepFinding]:
    """Yield the accounts whose last statement is from before the end of the year.

    An account that no accountant has any more, and on which nothing is left, had its last statement.
    """
    own = {accountant.iban for accountant in accountants.accountants.values()}
    last_day = date(accountants.year, 12, 31)
    for row in bank_accounts:
        is_in_use = row.account in own or row.bank or row.transit_items
        if is_in_use and (row.day is None or row.day < last_day):
            subject = f"operations account {row.account}, whose last statement is of {row.day}"
            yield StepFinding(subject, 1, row.bank or 0, True, _IMPORT.format(last_day=last_day))


def _list_missing_openings(bank_accounts: Iterable[AccountStatus]) -> Iterator[StepFinding]:
    """Yield what the first statement of an account opens with, and no closing opened in the books."""
    for row in bank_accounts:
        if row.unopened:
            subject = f"opening balance of {row.account} that the books do not have"
            yield StepFinding(subject, 1, row.unopened, True, _UNOPENED)


def _compare_balances(
    books: Mapping[str, int], accounts: Mapping[str, AccountUpToDay], reference: ReferenceData, *, year: int
) -> Iterator[StepFinding]:
    """Yield the accounts whose balance on 31 December the books do not have, or no statement of that day states.

    The books of an accountant have the money of each of his accounts, also of those that he had in earlier years alone.  So
    the balances that the bank states of them are added up.  ``accounts`` are those with a statement.
    """
    last_day = date(year, 12, 31)
    holders = _find_holders(reference, year)
    own = {row.iban: code for code, row in reference.accountants[year].accountants.items()}
    for account, code in sorted(own.items()):
        if account not in accounts:
            continue
        names = [name for name, holder in holders.items() if holder == code and name in accounts]
        bank, cents = sum(accounts[name].bank or 0 for name in names), books.get(code, 0)
        unknown = [
            name for name in names if not _has_known_balance(accounts[name], is_in_use=name == account)
        ]
        if unknown:
            detail = _NOT_COMPARED.format(accounts=", ".join(unknown))
            yield StepFinding(f"balance of {account} on {last_day} not compared", 1, detail=detail)
        elif bank != cents:
            detail = _BALANCE.format(bank=format_euros(bank), books=format_euros(cents))
            subject = f"balance of {account} on {last_day}, bank less books"
            yield StepFinding(subject, 1, bank - cents, True, detail)


def _find_holders(reference: ReferenceData, year: int) -> dict[str, str]:
    """Return the code of the accountant who has each account in a year, or had it last before."""
    return {
        row.iban: code
        for number, of_year in sorted(reference.accountants.items())
        if number <= year
        for code, row in of_year.accountants.items()
    }


def _has_known_balance(account: AccountUpToDay, *, is_in_use: bool) -> bool:
    """Return whether a statement closes on the day, or the last one of an account that is not in use closed with nothing."""
    return account.bank is not None or (account.last_bank == 0 and not is_in_use)


def _list_movements(
    accounts: Iterable[AccountStatus], up_to_day: Mapping[str, AccountUpToDay], last_day: date
) -> Iterator[StepFinding]:
    """Yield the movements that the books lack: those of the year block, and of any day those whose acts were refused."""
    for row in accounts:
        of_year = up_to_day[row.account]
        later_items = row.unmatched_items - of_year.unmatched_items
        if row.refused_lines:
            subject = f"movements of {row.account} whose acts the journal refused"
            yield StepFinding(subject, row.refused_lines, row.refused, True, _REFUSED)
        if of_year.unmatched_items:
            subject = f"movements of {row.account} up to {last_day} that are not posted"
            yield StepFinding(subject, of_year.unmatched_items, of_year.unmatched, True, _REFUSED)
        if later_items:
            subject = f"movements of {row.account} that are not posted"
            yield StepFinding(subject, later_items, row.unmatched - of_year.unmatched, False, _STATUS)


def _list_receipts(
    up_to_day: Mapping[str, AccountUpToDay], names: Iterable[str], last_day: date
) -> Iterator[StepFinding]:
    """Yield the receipts by hand of the year that the bank did not credit in it, although the books of the year have them."""
    for name in names:
        row = up_to_day[name]
        if row.by_hand_items:
            subject = f"receipts by hand of {name} up to {last_day} that are no credit of the bank"
            detail = _BY_HAND.format(last_day=last_day)
            yield StepFinding(subject, row.by_hand_items, row.by_hand, True, detail)
        if row.late_credit_items:
            subject = f"receipts by hand of {name} up to {last_day} that the bank credited later"
            detail = _LATE_CREDIT.format(last_day=last_day)
            yield StepFinding(subject, row.late_credit_items, row.late_credits, True, detail)
