"""A small year in the words of an accountant: an empty ledger with one third party and credits on two UOs."""

from tests.file_strategies import REFERENCE
from tests.law_model.budget import NodeKey
from tests.law_model.model import LawModel
from tests.law_model.nomenclature import read_reference
from tests.law_model.rules import Rules
from tests.law_model.state import Row

UNIT = "0177-D013-DD13"
PAYEE, IBAN = "1001488375", "FR7630001007941234567890185"


class SmallYear:
    """The model after the acts of a test, which names each act by its reference."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.model = LawModel(read_reference(REFERENCE), rules)

    def send(
        self, kind: str, reference: str, day: str = "2018-03-10", sender: str = "CSP", **columns: str
    ) -> str:
        """Send one act in a file of its own; return how it ended."""
        row = {"reference": reference, "kind": kind, "exercise": day[:4], "date": day} | columns
        if kind == "advance_request":
            row.setdefault("received", day)
        (result,) = self.model.submit([row], sender)
        return result.code

    def send_file(self, rows: list[Row], sender: str = "CSP") -> list[str]:
        """Send a file; return how each line ended."""
        return [result.code for result in self.model.submit(rows, sender)]

    def open_credits(self, ae: str = "1000", cp: str = "1000", year: int = 2018) -> None:
        """Register the third party and give credits of title 3 down to the UO."""
        day, columns = f"{year}-03-05", {"commitment_item": "HT2"}
        self.send("third_party", f"T{year}", day, payee=PAYEE, payee_name="Durand", iban=IBAN)
        for budget, amount in (("ae", ae), ("cp", cp)):
            for place, kind in (("0177", "budget_opening"), ("0177-D013", "allotment"), (UNIT, "allotment")):
                reference = f"{place}-{budget}-{year}"
                code = self.send(
                    f"{kind}_{budget}", reference, day, fund_centre=place, amount=amount, **columns
                )
                assert code == "ACCEPTED"

    def engage(self, reference: str, amount: str, day: str = "2018-03-10", **columns: str) -> str:
        """Engage AE of title 3 at the UO."""
        place = {"fund_centre": UNIT, "functional_area": "0177-12", "commitment_item": "31"}
        return self.send("commitment", reference, day, amount=amount, **(place | columns))

    def name(self, reference: str) -> str:
        """Return the number of the entry of an accepted act, as a predecessor."""
        documents = self.model.state.documents
        return next(f"@{act.number}" for act in documents if act.reference == reference)

    def figures(self, budget: str, centre: str = UNIT, year: int = 2018) -> tuple[int, int, int]:
        """Return what is opened, reserved and consumed in euros at a place, outside title 2."""
        sums = self.model.state.budget.nodes[NodeKey(year, centre, False, "ordinary")].sums(budget)
        return sums.opened // 100, sums.reserved // 100, sums.consumed // 100

    def balance(self, account: str, year: int = 2018) -> int:
        """Return debit less credit of an account in euros."""
        state = self.model.state
        debit, credit = (
            sum(amount for key, amount in sums.items() if (key.exercise, key.account) == (year, account))
            for sums in (state.debits, state.credits)
        )
        return (debit - credit) // 100
