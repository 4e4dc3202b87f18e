"""The reference data for payments: calendar, rules, and the accountants of each year."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from core import accountants, bank_reasons, calendar, chart, nomenclature_years, payment_rules
from core.account_roles import ENTRY_ROLES
from core.accountants import Accountants
from core.bank_reasons import BankReasons
from core.calendar import Calendar
from core.nomenclature import Nomenclature
from core.payment_rules import PaymentRules
from core.reference.files import SAMPLE_FOLDER, hash_file
from settlement.orders.pain001_writer import Debtor


class PaymentReference(NamedTuple):
    """The reference data for payments."""

    calendar: Calendar
    rules: PaymentRules
    accountants: Mapping[int, Accountants]
    """By exercise."""
    reasons: BankReasons
    entry_accounts: frozenset[str]
    """The accounts of every year on which programme 0117 owes what is settled without a transfer."""
    folder: Path
    """The folder they were read from."""
    rules_hash: bytes
    """SHA-256 of the file of rules."""

    @classmethod
    def load(cls, folder: Path = SAMPLE_FOLDER) -> "PaymentReference":
        """Load the files of ``folder``.

        Raises
        ------
        ReferenceDataError
            A file is invalid; the message gives the place and what to do.
        """
        days = calendar.load(folder.joinpath("calendar.toml"))
        years = nomenclature_years.load_years(folder, days.exercises)
        return cls.load_with(folder, days, years)

    @classmethod
    def load_with(cls, folder: Path, days: Calendar, years: Mapping[int, Nomenclature]) -> "PaymentReference":
        """Load the other files of ``folder``, with a calendar and nomenclatures that are loaded already.

        Raises
        ------
        ReferenceDataError
            As for ``load``.
        """
        accountants_of_years = {
            year: accountants.load(folder.joinpath(str(year)), nomenclature_of_year)
            for year, nomenclature_of_year in years.items()
        }
        charts = [
            chart.load(folder.joinpath(str(year)), nomenclature_of_year)
            for year, nomenclature_of_year in years.items()
        ]
        entry_accounts = frozenset(
            of_year.shared_accounts[role] for of_year in charts for role in ENTRY_ROLES
        )
        return cls(
            days,
            payment_rules.load(folder),
            accountants_of_years,
            bank_reasons.load(folder),
            entry_accounts,
            folder,
            hash_file(folder.joinpath(payment_rules.FILE)),
        )

    def list_accountants(self) -> list[str]:
        """List all accountants once, in the order of the files."""
        years = self.accountants.values()
        return list(dict.fromkeys(code for of_year in years for code in of_year.accountants))

    def build_debtors(self) -> dict[int, dict[str, Debtor]]:
        """Return the operations accounts by exercise and accountant: years may differ."""
        return {
            year: {
                accountant.code: Debtor(accountant.holder, accountant.iban, accountant.bic)
                for accountant in of_year.accountants.values()
            }
            for year, of_year in self.accountants.items()
        }
