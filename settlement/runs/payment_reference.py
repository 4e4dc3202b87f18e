"""What the reference data say about paying: the calendar, the rules, and each year's accountants."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from core import accountants, bank_reasons, calendar, nomenclature, payment_rules
from core.accountants import Accountants
from core.bank_reasons import BankReasons
from core.calendar import Calendar
from core.nomenclature import Nomenclature
from core.payment_rules import PaymentRules
from core.reference.files import SAMPLE_FOLDER
from settlement.orders.pain001_writer import Debtor


class PaymentReference(NamedTuple):
    """All of it."""

    calendar: Calendar
    rules: PaymentRules
    accountants: Mapping[int, Accountants]
    """By exercise."""
    reasons: BankReasons
    folder: Path
    """Where they were read."""

    @classmethod
    def load(cls, folder: Path = SAMPLE_FOLDER) -> "PaymentReference":
        """Read the files of ``folder``.

        Raises
        ------
        ReferenceDataError
            They do not hold together; the message gives the place and what to do.
        """
        days = calendar.load(folder.joinpath("calendar.toml"))
        years = {year: nomenclature.load(folder.joinpath(str(year))) for year in sorted(days.exercises)}
        return cls.load_with(folder, days, years)

    @classmethod
    def load_with(cls, folder: Path, days: Calendar, years: Mapping[int, Nomenclature]) -> "PaymentReference":
        """Read what is still to be read of ``folder``.

        Raises
        ------
        ReferenceDataError
            As for ``load``.
        """
        found = {year: accountants.load(folder.joinpath(str(year)), each) for year, each in years.items()}
        return cls(days, payment_rules.load(folder), found, bank_reasons.load(folder), folder)

    def list_accountants(self) -> list[str]:
        """All accountants, in the order of the files, each once."""
        return list(dict.fromkeys(code for each in self.accountants.values() for code in each.accountants))

    def build_debtors(self) -> dict[int, dict[str, Debtor]]:
        """Operations accounts by exercise and accountant: years may differ."""
        return {
            year: {one.code: Debtor(one.holder, one.iban, one.bic) for one in each.accountants.values()}
            for year, each in self.accountants.items()
        }
