"""Random payments of a small State: what is requested, paid, set off, rejected, returned, sent again and claimed."""

import random
from datetime import date, timedelta

from core.catalog import KIND_NUMBERS
from tests.service.small_state import Row, State, build_payee_code, build_request

SENDERS = ("ministry", "other-ministry")
OWED = """
select y.code as payee, c.code as fund_centre, a.code as functional_area
from entry e join cell l on l.cell = e.cell join reference_text c on c.kind = 1 and c.id = l.centre
join reference_text a on a.kind = 2 and a.id = l.area join payee y on y.payee = e.payee where e.entry_id = $1 limit 1
"""
"""The person to whom an entry is owed, and its place."""


class Payments:
    """Random payments of a small State, as runs and bank files post them, and what becomes of each transfer."""

    def __init__(self, state: State, rng: random.Random) -> None:
        self.state, self.rng = state, rng
        self.open: dict[int, tuple[int, date]] = {}
        """What is owed: the cents and the first day on which they may be paid."""
        self.in_transit: dict[int, tuple[int, date]] = {}
        self.returned: dict[int, tuple[int, date]] = {}
        self.claims: set[int] = set()
        self._number = 0

    def number(self) -> int:
        self._number += 1
        return self._number

    async def submit(self, rows: list[Row], sender: str) -> list[int]:
        """Submit rows, and return the entries of those that are accepted, 0 for the others."""
        await self.state.submit(rows, sender)
        entries = {
            (row["reference"], row["kind"]): row["entry_id"]
            for row in await self.state.fetch("select reference, kind, entry_id from entry")
        }
        return [max((e for (r, _), e in entries.items() if r == row["reference"]), default=0) for row in rows]

    async def order(self, sender: str) -> None:
        """Request payments, some suspended before the order, and one part of the first for another payee."""
        rows: list[Row] = []
        for _ in range(3):
            day = date(2018, 10, 1) + timedelta(self.rng.randrange(20))
            number = self.number()
            row = {**build_request(number % 4 + 1, str(day)), "amount": f"{self.rng.randrange(900, 9000)}.10"}
            row |= {"reference": f"R{number}", "received": str(day - timedelta(self.rng.randrange(40)))}
            if self.rng.random() < 0.3:
                row["suspension_notified"] = row["received"]
                row["suspension_ended"] = str(day)
                row["received"] = str(date.fromisoformat(row["received"]) - timedelta(3))
            if self.rng.random() < 0.2:
                row["contract"] = self.rng.choice(("none", "works"))
            rows.append(row)
        entries = await self.submit(rows, sender)
        for row, entry in zip(rows, entries, strict=True):
            if entry:
                cents = int(row["amount"].replace(".", ""))
                self.open[entry] = (cents, date.fromisoformat(row["date"]))
        if not entries[0] or self.rng.random() < 0.4:
            return
        cents, day = self.open[entries[0]]
        kind = self.rng.choice(("assignment", "attachment"))
        part = {
            "kind": kind,
            "reference": f"A{self.number()}",
            "predecessor": f"@{entries[0]}",
            "date": str(day),
        }
        part |= {"exercise": 2018, "payee": build_payee_code(4), "amount": "300.00"}
        (entry,) = await self.submit([part], self.rng.choice(SENDERS))
        if entry:
            self.open[entries[0]] = (cents - 30_000, day)
            self.open[entry] = (30_000, day)

    async def pay(self) -> None:
        """Pay some debts, whole or in part, and send some returned transfers again."""
        rows: list[Row] = []
        debts: list[tuple[int, int]] = []
        claims = sorted(self.claims & self.open.keys())[:3]
        for entry in [*claims, *self.rng.sample(sorted(self.open.keys() - self.claims), 4)]:
            cents, day = self.open[entry]
            part = cents if self.rng.random() < 0.6 else max(cents // 2, 1)
            paid_on = day + timedelta(self.rng.randrange(20 if entry in self.claims else 100))
            rows.append(self.build("payment", entry, part, paid_on))
            debts.append((entry, part))
        again = self.rng.sample(sorted(self.returned), len(self.returned) // 2)
        for entry in again:
            cents, day = self.returned[entry]
            rows.append(self.build("reissue", entry, cents, day + timedelta(self.rng.randrange(30))))
        entries = await self.submit(rows, "treasury") if rows else []
        for row, transfer in zip(rows, entries, strict=True):
            if transfer:
                cents = int(row["amount"].replace(".", ""))
                self.in_transit[transfer] = (cents, date.fromisoformat(row["date"]))
        for (debt, part), transfer in zip(debts, entries, strict=False):
            if transfer:
                cents, day = self.open.pop(debt)
                if cents > part:
                    self.open[debt] = (cents - part, day)
        for entry, transfer in zip(again, entries[len(debts) :], strict=True):
            if transfer:
                del self.returned[entry]

    async def set_off(self) -> None:
        """Set some debts off, whole or in part, against a receivable of the same person and accountant."""
        for entry in self.rng.sample(sorted(self.open), 2):
            cents, day = self.open[entry]
            part = cents if self.rng.random() < 0.5 else max(cents // 3, 1)
            (debt,) = await self.state.fetch(OWED, entry)
            of_debt = {"predecessor": "", "commitment_item": "269906", **dict(debt)}
            receivable: Row = {**self.build("receivable", entry, part, day), **of_debt}
            if self.rng.random() < 0.7:
                receivable["due"] = str(day + timedelta(self.rng.randrange(60)))
            (due,) = await self.submit([receivable], SENDERS[0])
            act = self.build("set_off", entry, part, day + timedelta(self.rng.randrange(60)))
            receipt = {**act, "kind": "set_off_receipt", "line": 2, "predecessor": f"@{due}"}
            accepted, _ = await self.submit([{**act, "line": 1}, receipt], "treasury")
            if due and accepted:
                del self.open[entry]
                if cents > part:
                    self.open[entry] = (cents - part, day)

    async def answer(self) -> None:
        """Debit most transfers, return some after their debit, and reject the others."""
        for transfer in self.rng.sample(sorted(self.in_transit), len(self.in_transit) // 2):
            cents, day = self.in_transit.pop(transfer)
            first = self.build("bank_debit", transfer, cents, day + timedelta(1))
            if self.rng.random() < 0.7:
                (debit,) = await self.submit([first], "bank")
                if not debit or self.rng.random() < 0.8:
                    continue
                first = self.build("bank_return", debit, cents, day + timedelta(3))
            else:
                first = {**first, "kind": "bank_reject"}
            owed = {**first, "kind": "return_identified", "line": 2, "predecessor": "#1"}
            entry, _ = await self.submit([{**first, "line": 1}, owed], "bank")
            if entry:
                self.returned[entry] = (cents, day + timedelta(3))

    async def note_claims(self) -> None:
        """Add the claims of late interest to what is owed."""
        query = "select entry_id, amount, day from entry where kind = $1 and entry_id > $2"
        for row in await self.state.fetch(query, KIND_NUMBERS["late_interest"], max(self.claims, default=0)):
            self.open[row["entry_id"]] = (row["amount"], row["day"])
            self.claims.add(row["entry_id"])

    def build(self, kind: str, predecessor: int, cents: int, day: date) -> Row:
        exercise = 2018 if kind in ("payment", "reissue") else day.year
        return {
            "kind": kind,
            "reference": f"X{self.number()}",
            "predecessor": f"@{predecessor}",
            "amount": f"{cents // 100}.{cents % 100:02}",
            "exercise": exercise,
            "date": str(day),
        }
