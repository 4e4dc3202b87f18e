"""Random acts of every kind, as the senders of a State might send them: most can be accepted, and some never can."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from core.catalog import (
    CATALOG,
    KIND_NUMBERS,
    ActKind,
    BudgetAction,
    Family,
    PayeeChange,
    Remainder,
    Role,
    Stage,
)
from core.kind_rules import BY_DECREE, CANCELS_CREDITS, MOVES_CREDITS, Pairing, TitleTwo
from tests.accountants import CHANGE_FIELDS
from tests.file_strategies import PLACES, File, Row, build_openings
from tests.oracle.iban import add_check_digits
from tests.reference_years import shift_to_2019

PAYEES = tuple(f"P{number}" for number in range(1, 6))
IBANS = tuple(add_check_digits("FR", f"{number:023}") for number in range(1, 9))
YEARS = (2018, 2018, 2018, 2019)
STAFF_ITEM = "21"
RECEIPT_NATURES = ("251102", "269906")
REPAYING_NATURES = {"21": "48564", "31": "48560", "51": "48520", "63": "48565"}
"""The nature of receipt that repays an expense on an item."""
_DAYS_OPEN: Mapping[int, int] = {2018: 300, 2019: 30}
"""Days from 1 March that are open in the small reference data."""
_ACTS_A_YEAR = 120
_TAKES_BACK = {"unfreeze_ae": "freeze_ae", "unfreeze_cp": "freeze_cp", "earmark_decrease": "earmark"}
"""The kinds that have nothing to take back except where an act of the other kind gave it."""
_LATER_YEAR: Row = {"exercise": "2019", "date": "2019-03-25"}
_WITHOUT_BANK = frozenset({PayeeChange.BLOCK, PayeeChange.RELEASE})
_LINES_MAX = 3
_PERSONS = {name: CHANGE_FIELDS[name] for name in ("entered_by", "validated_by")}
_JOURNAL_ACCOUNTS = ("6113110000", "6188000000", "4721000000", "6188000000", "4731000000", "4011100000")
_ASSET_ACCOUNTS = ("2183200000", "2183200000", "2168000000", "2111000000")
_SUSPENSE = ("4721000000", "4731000000")
_MINISTRY = (("0177", "0217"), ("0217", "0177"), ("0217", "0177/T2"), ("0177", "0117"))
_TWO_MINISTRIES = (("0117", "0177"), ("0117", "0217"), ("0217", "0117"), ("0177", "0217"))
"""Programmes between which decrees move credits, and one pair of which they move none."""
_WEIGHTS: Mapping[str, int] = {
    **dict.fromkeys(("budget_opening_ae", "budget_opening_cp"), 3),
    **dict.fromkeys(("allotment_ae", "allotment_cp", "earmark"), 1),
    **dict.fromkeys(("budget_move_ae", "budget_move_cp"), 4),
    **dict.fromkeys(("credit_return_ae", "credit_return_cp", "cancellation_ae", "cancellation_cp"), 1),
    "earmark_decrease": 2,
    "asset_service": 1,
    **dict.fromkeys(("freeze_ae", "freeze_cp", "unfreeze_ae", "unfreeze_cp"), 3),
    **dict.fromkeys(("third_party", "bank_details", "payee_block"), 1),
    **dict.fromkeys(("term_suspension", "late_interest", "attachment", "assignment", "void"), 2),
    "receivable": 12,
    **dict.fromkeys(("set_off", "advance_withholding"), 40),
    "advance_request": 12,
    "reassignment_origin": 120,
    **dict.fromkeys(("retention", "penalty"), 8),
    **dict.fromkeys(("direct_payment_request", "payment", "bank_debit", "payee_release"), 12),
    **dict.fromkeys(("clearing_debit", "clearing_credit"), 16),
    "suspense_identification": 40,
    "service": 24,
    "payment_request": 40,
    "invoice_request": 8,
}
"""How often a kind is sent, against 4 of most kinds: a long life needs many acts, and little stands in its way."""
_PAIRED_KINDS: Mapping[Pairing, tuple[str, str]] = {
    Pairing.DEBT: ("set_off", "set_off_receipt"),
    Pairing.WITHHOLDING: ("advance_withholding", "advance_recovery"),
    Pairing.SUSPENSE: ("suspense_identification", "identification_receipt"),
}
"""The two lines of an act by what the first of them does."""
_NEW_KIND = 3
"""How much more often a kind is sent while none of it is accepted: every kind should have its turn in a sequence."""
_RARE_KIND = 20
"""The same for a kind that the sequences before never had accepted."""
_ASSIGNMENT = ("fund_centre", "functional_area", "commitment_item", "fund", "operation")
_SPOILT: Sequence[Row] = (
    {"amount": "0"},
    {"amount": "1.234"},
    {"date": "2017-05-02"},
    {"exercise": "2031"},
    {"kind": "decree"},
    {"reference": ""},
    {"fund_centre": "0177-D013-XXXX"},
    {"payee": "NOBODY"},
    {"predecessor": "@999999"},
    {"predecessor": "NOWHERE"},
    {"iban": "FR00"},
    {"line": "7"},
)
"""Fields that make a line wrong."""


@dataclass(slots=True)
class Posted:
    """An accepted line, as later acts may follow it."""

    entry: int
    kind: ActKind
    sender: str
    reference: str
    line: int
    """Its place in its act, from 1."""
    exercise: int
    amount: int
    """Cents."""
    payee: int
    place: Row
    """The fields of its account assignment, its own or of what it follows; none if it has none."""
    followed: int = 0
    """The entry that it follows."""
    taken: int = 0
    """Cents that later lines have taken up."""
    account: str = ""
    """The account that a line by hand states."""


class PostedRow(NamedTuple):
    """What the journal says of an accepted line."""

    entry: int
    sender: str
    kind: int
    reference: str
    exercise: int
    amount: int
    predecessor: int
    payee: int


@dataclass(slots=True)
class ActGenerator:
    """Generates acts that follow what is posted."""

    rng: random.Random
    prefix: str
    """References begin with it."""
    rare: frozenset[str] = frozenset()
    """The kinds of which earlier generators had none accepted: they are sent more often."""
    posted: dict[int, Posted] = field(default_factory=dict)
    _acts: dict[str, list[list[Row]]] = field(default_factory=dict)
    """The acts sent so far, by sender: some are sent again."""
    _originals: dict[str, list[Row]] = field(default_factory=dict)
    """What was sent of each kind that another one takes back."""
    _carry_places: dict[int, Row] = field(default_factory=dict)
    """By commitment: the assignment in the next year that a carry gave it last, where its services go."""
    _services: dict[int, int] = field(default_factory=dict)
    """The commitment of each service."""
    _expenses: dict[int, Row] = field(default_factory=dict)
    """The assignment of the expense that a receivable repays, by that receivable and by what was collected of it."""
    _places: dict[tuple[str, int], Row] = field(default_factory=dict)
    """The account assignments of the lines sent, by the act's reference and the line's place."""
    _accounts: dict[tuple[str, int], str] = field(default_factory=dict)
    """The accounts of the lines sent, by the same."""
    _count: int = 0
    _blocked: set[int] = field(default_factory=set)
    """The numbers of third parties that are blocked; those of ``PAYEES`` are 1, 2 and so on."""
    _accepted: set[str] = field(default_factory=set)
    """The names of the kinds that were accepted so far."""
    _planned: Counter[int] = field(default_factory=Counter)
    """The cents of each entry that acts not decided yet take up."""

    def note_posted(self, rows: Iterable[PostedRow]) -> None:
        """Note what was accepted."""
        previous, line = "", 0
        for row in rows:
            line = line + 1 if row.reference == previous else 1
            previous, kind = row.reference, CATALOG[row.kind]
            self._accepted.add(kind.name)
            followed = self.posted.get(row.predecessor)
            place = self._places.get((row.reference, line)) or (followed.place if followed else {})
            self.posted[row.entry] = Posted(
                *(row.entry, kind, row.sender, row.reference, line, row.exercise, row.amount, row.payee),
                *(place, row.predecessor),
                account=self._accounts.get((row.reference, line), ""),
            )
            if kind.family is Family.SERVICE:
                self._services[row.entry] = row.predecessor
            if followed and kind.repays:
                self._expenses[row.entry] = followed.place
            elif row.predecessor in self._expenses:
                self._expenses[row.entry] = self._expenses[row.predecessor]
            takes_up = kind.inherits and kind.draws is not Remainder.IMPUTATION
            takes_up = takes_up or kind.clears or kind.pairs is Pairing.SUSPENSE
            if followed and (takes_up or kind.mirrors or kind.carries or kind.opens_fund):
                followed.taken += row.amount
            if kind.change is PayeeChange.BLOCK:
                self._blocked.add(row.payee)
            elif kind.change is PayeeChange.RELEASE:
                self._blocked.discard(row.payee)
        self._planned.clear()

    def generate_act(self, sender: str, kinds: Sequence[str]) -> list[Row]:
        """Generate the lines of one act of a sender that may send ``kinds``; now and then one that it has sent before."""
        rng, earlier = self.rng, self._acts.setdefault(sender, [])
        repeatable = [act for act in earlier if {row["kind"] for row in act} <= set(kinds)]
        if repeatable and rng.random() < 0.05:
            act = rng.choice(repeatable)
            return [row | {"amount": "17.00"} for row in act] if rng.random() < 0.3 else act
        self._count += 1
        kind = self._choose_kind(self._prefer_possible(kinds))
        head = {"reference": f"{self.prefix}{self._count}", **self._choose_dates()}
        if kind.budget is BudgetAction.WITHDRAW and rng.random() < 0.8:
            head |= _LATER_YEAR
        first = head | self._generate_line(kind, sender, int(head["exercise"]))
        first |= self._take_back(first)
        rows = [first, *self._continue_act(first, head, kinds)]
        if kind.pairs in _PAIRED_KINDS and rng.random() < 0.9:
            rows = self._pair(kind, head) or rows
        if kind.family is Family.JOURNAL:
            rows = self._balance(first, kind)
        if kind.pairs is Pairing.ORIGIN and rng.random() < 0.95:
            rows = [first, self._assign_anew(first, head)]
        if len(rows) > 1:
            rows = [row | {"line": str(line)} for line, row in enumerate(rows, 1)]
        if rng.random() < 0.04:
            rows[-1] = rows[-1] | rng.choice(_SPOILT)
        earlier.append(rows)
        for line, row in enumerate(rows, 1):
            self._places[row["reference"], line] = {name: row[name] for name in _ASSIGNMENT if name in row}
            self._accounts[row["reference"], line] = row.get("account", "")
        return rows

    def _pair(self, kind: ActKind, head: Row) -> list[Row]:
        """Return both lines of a set-off or a recovery, by what is left of both; none where nothing fits."""
        pairs = self._list_pairs(kind)
        if not pairs:
            return []
        pair = self.rng.choice(pairs)
        cents = min(map(self._count_left, pair))
        for item in pair:
            self._planned[item.entry] += cents
        head = head | self._choose_dates(pair[0].exercise)
        return [
            head
            | {"kind": name, "predecessor": f"@{item.entry}", "amount": f"{cents // 100}.{cents % 100:02}"}
            for name, item in zip(_PAIRED_KINDS[kind.pairs], pair, strict=True)
        ]

    def _list_pairs(self, kind: ActKind) -> list[tuple[Posted, Posted]]:
        """Return the debts, or what is on suspense, with the receivables or debited advances that may fall with them."""
        debts, others = map(self._list_candidates, map(_find_kind, _PAIRED_KINDS[kind.pairs]))
        fits = {Pairing.WITHHOLDING: self._is_recovery, Pairing.SUSPENSE: _are_in_one_place}.get(
            kind.pairs, _are_of_one_person
        )
        return [(debt, other) for debt in debts for other in others if fits(debt, other)]

    def _find_request(self, item: Posted) -> Posted:
        """Return the request by which a debt began."""
        return self._find_request(self.posted[item.followed]) if item.kind.inherits else item

    def _is_recovery(self, debt: Posted, transfer: Posted) -> bool:
        """Return whether a transfer paid an advance on the commitment of a debt, to its creditor."""
        request, paid = self._find_request(debt), self._find_request(transfer)
        is_of_commitment = bool(request.kind.requester) and request.followed == paid.followed
        return paid.kind.debit is Role.ADVANCE and is_of_commitment and debt.payee == paid.payee

    def _follow_advance(self, kind: ActKind) -> tuple[Posted, Row] | None:
        """Return the commitment of a debited advance, and its supplier, for acts from which it is recovered; mostly none."""
        transfers = self._list_candidates(_find_kind("advance_recovery"))
        advances = [
            paid for item in transfers if (paid := self._find_request(item)).kind.debit is Role.ADVANCE
        ]
        if not (kind.requester or kind.name == "service") or not advances or self.rng.random() < 0.4:
            return None
        paid = self.rng.choice(advances)
        is_of_payee = kind.pays and 0 < paid.payee <= len(PAYEES)
        return self.posted[paid.followed], {"payee": PAYEES[paid.payee - 1]} if is_of_payee else {}

    def _balance(self, first: Row, kind: ActKind) -> list[Row]:
        """Return a debit and a credit by hand of one amount, now and then only one of them; a clearing keeps its account."""
        rng = self.rng
        bare = {name: text for name, text in first.items() if not name.startswith("predecessor")}
        sides = [
            bare | {"kind": name, "account": rng.choice(_JOURNAL_ACCOUNTS)}
            for name in ("journal_debit", "journal_credit")
        ]
        if kind.clears:
            sides[kind.debit is Role.NONE] = first
        return sides if rng.random() < 0.9 else sides[:1]

    def _assign_anew(self, first: Row, head: Row) -> Row:
        """Return the line that brings an expense to another imputation, mostly of the same unit: one accountant has both."""
        name = first["predecessor"]
        names = (
            {f"@{item.entry}", item.reference, f"{item.reference}#{item.line}"}
            for item in self.posted.values()
        )
        debits = [item for item, own in zip(self.posted.values(), names, strict=True) if name in own]
        place = debits[0].place if debits else {}
        place = place if place and self.rng.random() < 0.8 else self._choose_assignment(BudgetAction.SPEND)
        target = {"kind": "reassignment_target", "predecessor": "#1", "amount": first["amount"]}
        return head | target | place

    def _take_back(self, row: Row) -> Row:
        """Return the fields by which ``row`` takes back what an earlier act gave, if its kind does that, most of the time."""
        self._originals.setdefault(row["kind"], []).append(row)
        accepted = {item.reference for item in self.posted.values()}
        originals = self._originals.get(_TAKES_BACK.get(row["kind"], ""), [])
        originals = [original for original in originals if original["reference"] in accepted]
        if not originals or self.rng.random() < 0.2:
            return {}
        return self.rng.choice(originals) | {name: row[name] for name in ("reference", "kind")}

    def may_act(self, kinds: Iterable[str]) -> bool:
        """Return whether one of these kinds has something to follow."""
        return any(self._may_follow(_find_kind(name)) for name in kinds)

    def _choose_kind(self, names: Sequence[str]) -> ActKind:
        (name,) = self.rng.choices(names, list(map(self._weigh, names)))
        return _find_kind(name)

    def _weigh(self, name: str) -> int:
        weight = _WEIGHTS.get(name, 4)
        if name in self._accepted:
            return weight
        return weight * (_RARE_KIND if name in self.rare else _NEW_KIND)

    def _prefer_possible(self, kinds: Sequence[str]) -> Sequence[str]:
        """Leave out, most of the time, the kinds that have nothing to follow."""
        if self.rng.random() < 0.1:
            return kinds
        possible = [name for name in kinds if self._may_follow(_find_kind(name))]
        return possible or kinds

    def _may_follow(self, kind: ActKind) -> bool:
        if kind.change in _WITHOUT_BANK:
            return bool(self._blocked) == (kind.change is PayeeChange.RELEASE)
        if kind.pairs in _PAIRED_KINDS:
            return bool(self._list_pairs(kind))
        if kind.carries and kind.family is Family.SERVICE:
            return bool(self._list_carried_services())
        if kind.carries:
            return any(item.exercise == YEARS[0] for item in self._list_candidates(kind))
        return kind.follows is Family.NONE or bool(self._list_candidates(kind))

    def _count_left(self, item: Posted) -> int:
        return max(item.amount - item.taken - self._planned[item.entry], 0)

    def _list_candidates(self, kind: ActKind) -> list[Posted]:
        if kind.concerns_suspense:
            return [item for item in self.posted.values() if self._stands_for(kind, item)]
        if kind.after is not Stage.NONE:
            at_stage = [item for item in self.posted.values() if item.kind.reaches is kind.after]
            if kind.diverts and not kind.is_part:
                at_stage = list(filter(_is_untouched_request, at_stage))
            if kind.draws is Remainder.DEPRECIATED:
                at_stage = list(filter(self._is_depreciated, at_stage))
            return [item for item in at_stage if self._count_left(item) or not item.kind.has_amount]
        if kind.repays:
            return [item for item in self.posted.values() if item.kind.family is kind.follows and item.taken]
        return [
            item
            for item in self.posted.values()
            if item.kind.family is kind.follows and self._count_left(item)
        ]

    def _is_depreciated(self, asset: Posted) -> bool:
        charges = (item for item in self.posted.values() if item.kind.draws is Remainder.DEPRECIATION)
        return any(charge.followed == asset.entry for charge in charges)

    def _stands_for(self, kind: ActKind, item: Posted) -> bool:
        """Return whether something of an entry is open on a suspense account, on the side that a clearing takes it from."""
        is_open = item.kind.reaches is kind.after and item.account in _SUSPENSE and self._count_left(item) > 0
        return is_open and not (kind.clears and (kind.debit is Role.NONE) == (item.kind.debit is Role.NONE))

    def _continue_act(self, first: Row, head: Row, kinds: Sequence[str]) -> list[Row]:
        """Return further lines of an act: each takes up what the line before it has left."""
        rows, last = list[Row](), first
        while len(rows) < _LINES_MAX - 1 and self.rng.random() < 0.3:
            reached = CATALOG[KIND_NUMBERS[last["kind"]]].reaches
            next_kinds = [name for name in kinds if reached and _may_continue(name, reached, first)]
            if not next_kinds:
                break
            kind = self._choose_kind(next_kinds)
            last = head | {"kind": kind.name, "predecessor": f"#{len(rows) + 1}"} | self._describe_payee(kind)
            if kind.has_amount:
                last["amount"] = first.get("amount", "10.00")
            rows.append(last)
        return rows

    def _generate_line(self, kind: ActKind, sender: str, exercise: int) -> Row:
        row: Row = {"kind": kind.name} | self._describe_payee(kind)
        if kind.carries:
            return row | self._describe_carry(kind)
        followed: Posted | None = None
        if kind.follows is not Family.NONE:
            followed, supplier = self._follow_advance(kind) or (self._choose_followed(kind, exercise), {})
            row |= self._name_followed(sender, followed) | supplier
            row |= self._describe_repayment(kind, followed) if kind.needs_assignment else {}
            row |= self._describe_item(kind, followed) if kind.concerns_suspense else {}
            row |= self._describe_asset(followed) if kind.family is Family.ASSET else {}
        else:
            is_receivable = kind.family is Family.RECEIVABLE
            is_journal = kind.family in (Family.JOURNAL, Family.ASSET)
            place = self._choose_assignment(
                BudgetAction.SPEND if is_journal or is_receivable or kind.requests_visa else kind.budget
            )
            row |= place if not kind.is_payee_act else {}
            row |= _PERSONS if is_journal else {}
            row |= {"account": self.rng.choice(_ASSET_ACCOUNTS)} if kind.serves_asset else {}
            if is_receivable:
                row |= self._find_debtor() | {
                    "commitment_item": self.rng.choice(RECEIPT_NATURES),
                    "operation": "",
                }
            if kind.title_two is TitleTwo.ONLY and self.rng.random() < 0.9:
                row |= {"commitment_item": STAFF_ITEM, "operation": ""}
        if kind.budget is BudgetAction.WITHDRAW and self.rng.random() < 0.5:
            row["recycling_case"] = self.rng.choice(("affectation", "arrete"))
        if kind.is_minister_decision:
            row["document_hash"] = "5e" * 32
        if kind.budget in BY_DECREE:
            return row | {"amount": self.rng.choice(("0.01", "1.00", "10.00"))}
        if kind.before_service and self.rng.random() < 0.9:
            row["nature"] = "location"
        if kind.has_amount:
            row["amount"] = self._choose_amount(followed, is_whole=kind.whole)
        if kind.family is Family.RETENTION and followed:
            cents = max(followed.amount // 20 + (self.rng.random() < 0.1), 1)
            row["amount"] = f"{cents // 100}.{cents % 100:02}"
        if kind.family is Family.ASSET and followed:
            row["amount"] = "0.01" if kind.draws is not Remainder.NET_VALUE else "0.05"
        return row

    def _describe_repayment(self, kind: ActKind, followed: Posted | None) -> Row:
        """Describe where an expense comes back: by a nature for its item, or on its own assignment; now and then elsewhere."""
        other = self._choose_assignment(BudgetAction.SPEND)
        if followed is None or self.rng.random() < 0.1:
            return other
        if kind.opens_fund:
            return self._describe_fund(followed)
        if not kind.repays:
            return self._expenses.get(followed.entry) or other
        place = followed.place or other
        nature = REPAYING_NATURES.get(place.get("commitment_item", ""), "48560")
        return {"fund_centre": place.get("fund_centre", ""), "commitment_item": nature}

    def _describe_fund(self, receipt: Posted) -> Row:
        """Describe the programme and the fund whose credits a receipt opens."""
        centre, fund = receipt.place.get("fund_centre", "0217"), receipt.place.get("fund", "")
        item = self.rng.choice(("HT2", "HT2", "T2"))
        return {"fund_centre": centre[:4], "commitment_item": item, "fund": fund}

    def _describe_item(self, kind: ActKind, followed: Posted | None) -> Row:
        """Describe what stands on a suspense account: the account, and mostly why, or the persons who clear it."""
        row = {"account": followed.account} if followed else {"account": _SUSPENSE[0]}
        if not kind.clears:
            return row | ({"reason": "sender unknown"} if self.rng.random() < 0.9 else {})
        place = followed.place if followed and self.rng.random() < 0.9 else {}
        return row | place | _PERSONS

    def _describe_asset(self, followed: Posted | None) -> Row:
        """Describe where an asset is charged or taken out, mostly on its own assignment, and by whom."""
        place = followed.place if followed and self.rng.random() < 0.9 else {}
        return place | _PERSONS

    def _find_debtor(self) -> Row:
        """Return a person to whom something is owed at a place of spending, half of the time: the debts can be set off."""
        debts = [item for item in self._list_candidates(_find_kind("set_off")) if _is_set_off(item)]
        if not debts or self.rng.random() < 0.5:
            return {}
        debt = self.rng.choice(debts)
        payee = {"payee": PAYEES[debt.payee - 1], "exercise": str(debt.exercise)}
        return {name: debt.place[name] for name in ("fund_centre", "functional_area")} | payee

    def _describe_carry(self, kind: ActKind) -> Row:
        """Describe what goes on in the next year, as a rule once the year before pays no more."""
        followed = self._choose_followed(kind, YEARS[0])
        if kind.family is Family.SERVICE and self._list_carried_services():
            followed = self.rng.choice(self._list_carried_services())
        row = {"exercise": "2019", "date": f"2019-01-{self.rng.choice((20, *[21] * 9))}"}
        place = (followed and self.rng.random() < 0.9 and followed.place) or self._choose_assignment(
            BudgetAction.SPEND
        )
        if kind.family is Family.COMMITMENT and followed is not None:
            self._carry_places[followed.entry] = place
        elif kind.family is Family.SERVICE and followed is not None:
            place = self._carry_places.get(self._services.get(followed.entry, 0), place)
        row |= place
        if followed is not None:
            row |= {"predecessor": f"@{followed.entry}", "reference_sender": followed.sender}
        if kind.may_be_zero and self.rng.random() < 0.3:
            return row | {"amount": "0.00"}
        if kind.family is Family.SERVICE and self.rng.random() < 0.5:
            return row | {"amount": "0.01"}  # what is unbilled is less than what is not cancelled
        return row | {"amount": self._choose_amount(followed, is_whole=True)}

    def _list_carried_services(self) -> list[Posted]:
        """Return the services of commitments that were sent to the next year."""
        return [self.posted[entry] for entry, owner in self._services.items() if owner in self._carry_places]

    def _choose_followed(self, kind: ActKind, exercise: int) -> Posted | None:
        candidates = self._list_candidates(kind)
        if kind.family is Family.RESTORATION:
            candidates = [item for item in candidates if item.entry in self._expenses] or candidates
        if kind.opens_fund:
            candidates = [item for item in candidates if item.place.get("fund")] or candidates
        years = (exercise - 1,) if kind.budget is BudgetAction.WITHDRAW else (exercise,)
        candidates = [item for item in candidates if item.exercise in years] or candidates
        if not candidates or self.rng.random() < 0.05:
            return self.rng.choice([*self.posted.values()]) if self.posted else None
        return self.rng.choice(candidates[-8:])

    def _name_followed(self, sender: str, followed: Posted | None) -> Row:
        """Name an entry by its number, or by its reference, and then its sender if that is another."""
        if followed is None:
            return {"predecessor": "NOWHERE"}
        if self.rng.random() < 0.5:
            return {"predecessor": f"@{followed.entry}"}
        line = "" if followed.line == 1 else f"#{followed.line}"
        other = {"predecessor_sender": followed.sender} if followed.sender != sender else {}
        return {"predecessor": followed.reference + line} | other

    def _choose_amount(self, followed: Posted | None, *, is_whole: bool) -> str:
        rng, remainder = self.rng, self._count_left(followed) if followed else 0
        chance = rng.random()
        if remainder and chance < (0.9 if is_whole else 0.6):
            cents = remainder
        elif remainder and chance < 0.9:
            cents = rng.randint(1, remainder)
        elif remainder and chance < 0.95:
            cents = remainder + 1
        else:
            cents = rng.choice(
                (1, 1_000, 6_000, 12_345, *(rng.randint(1, 40_000) for _ in range(9)), 9 * 10**12)
            )
        if followed:
            self._planned[followed.entry] += cents
        return f"{cents // 100}.{cents % 100:02}"

    def _choose_dates(self, exercise: int = 0) -> Row:
        """Choose a day that mostly advances from act to act, as what follows is not dated before what it follows."""
        rng, exercise = self.rng, exercise or self.rng.choice(YEARS)
        days = min(self._count, _ACTS_A_YEAR) * _DAYS_OPEN[exercise] // _ACTS_A_YEAR
        day = f"{date(exercise, 3, 1) + timedelta(days - (rng.randint(0, 9) if rng.random() < 0.05 else 0))}"
        if rng.random() < 0.05:
            day = f"{exercise + 1}-01-{rng.randint(1, 25):02}"
        posting = {"posting_date": f"{exercise}-{rng.randint(3, 12):02}-15"} if rng.random() < 0.03 else {}
        return {"exercise": str(exercise), "date": day} | posting

    def _describe_payee(self, kind: ActKind) -> Row:
        rng = self.rng
        if kind.is_payee_act:
            code = f"{self.prefix}N{self._count}" if kind.family is Family.THIRD_PARTY else rng.choice(PAYEES)
            if self._blocked and kind.change is PayeeChange.RELEASE:
                code = PAYEES[min(self._blocked) - 1]
            details = {"payee_name": "Entreprise", "iban": rng.choice(IBANS)}
            if kind.change is PayeeChange.DETAILS:
                details |= CHANGE_FIELDS
            return {"payee": code} | ({} if kind.change in _WITHOUT_BANK else details)
        payee = {"payee": rng.choice(PAYEES)} if kind.pays else {}
        if kind.is_interest and rng.random() < 0.9:
            payee["reason"] = "A59"
        if kind.debit is Role.ADVANCE:
            payee["received"] = "2018-03-01"
        has_bank = (kind.pays or kind.remits) and rng.random() < 0.1
        return payee | ({"iban": rng.choice(IBANS)} if has_bank else {})

    def _choose_assignment(self, budget: BudgetAction) -> Row:
        rng, place = self.rng, self.rng.choice(PLACES)
        if budget is BudgetAction.SPEND:
            other_year = {"budget_year": str(rng.choice(YEARS))} if rng.random() < 0.1 else {}
            return other_year | {
                "fund_centre": place.unit,
                "functional_area": place.area,
                "commitment_item": rng.choice(place.items),
                "fund": rng.choice(place.funds),
                "operation": rng.choice(place.operations),
            }
        row = {"commitment_item": rng.choice(("HT2", "HT2", "T2")), "fund_centre": place.unit[:4]}
        if budget in (BudgetAction.EARMARK, BudgetAction.UNEARMARK):
            return row | {"fund_centre": PLACES[4].unit, "operation": rng.choice(PLACES[4].operations[1:])}
        if budget is not BudgetAction.OPEN and budget not in CANCELS_CREDITS | BY_DECREE:
            row["fund_centre"] = rng.choice((place.unit[:9], place.unit))
        if budget in MOVES_CREDITS & BY_DECREE:
            pairs = _MINISTRY if budget is BudgetAction.VIREMENT else _TWO_MINISTRIES
            return row | dict(zip(("fund_centre", "counterpart"), rng.choice(pairs), strict=True))
        if budget in MOVES_CREDITS:
            other = rng.choice(PLACES).unit[: len(row["fund_centre"])]
            row["counterpart"] = other + rng.choice(("", "", "/T2", "/HT2"))
        return row


def _find_kind(name: str) -> ActKind:
    return CATALOG[KIND_NUMBERS[name]]


def _is_untouched_request(item: Posted) -> bool:
    """Return whether an item is a request on a commitment of purchases or assets, of which nothing was taken up."""
    is_request = item.kind.follows is Family.COMMITMENT and item.kind.debit is not Role.ADVANCE
    return is_request and item.place.get("commitment_item") in {"31", "51"} and not item.taken


def _describe_holder(item: Posted) -> tuple[int, int, str]:
    """Return who owes an item or to whom it is owed, and where and in which year."""
    return item.payee, item.exercise, item.place.get("fund_centre", "")


def _are_of_one_person(debt: Posted, receivable: Posted) -> bool:
    """Return whether both are of one person, year and fund centre, as one accountant must hold both."""
    return _is_set_off(debt) and _describe_holder(debt) == _describe_holder(receivable)


def _are_in_one_place(item: Posted, receivable: Posted) -> bool:
    """Return whether money stands on the account of credits, and a receivable is due in its year and fund centre."""
    is_credit = item.account == _SUSPENSE[0] and item.kind.debit is Role.NONE
    return is_credit and _describe_holder(item)[1:] == _describe_holder(receivable)[1:]


def _is_set_off(debt: Posted) -> bool:
    """Return whether a debt may be set off: it is owed at a place of spending, to a third party, and is not pay."""
    is_spent = debt.place.get("fund_centre") in {place.unit for place in PLACES[:-1]}
    return is_spent and 0 < debt.payee <= len(PAYEES) and debt.kind.name != "payroll"


def _may_continue(name: str, reached: Stage, first: Row) -> bool:
    """Return whether a line of a kind may follow one of its own act: another family is another act, a carry another year."""
    kind = _find_kind(name)
    is_of_family = kind.family is CATALOG[KIND_NUMBERS[first["kind"]]].family
    return kind.after is reached and is_of_family and not kind.needs_assignment


def build_credits(euros_by_level: Mapping[int, str]) -> File:
    """Build credits of two years, by the length of a fund centre, and the third parties."""
    rows = [row | {"amount": euros_by_level[len(row["fund_centre"])]} for row in build_openings()]
    third = {"kind": "third_party", "exercise": "2018", "date": "2018-03-02", "payee_name": "Entreprise"}
    payees = [
        third | {"reference": f"T-{code}", "payee": code, "iban": iban}
        for code, iban in zip(PAYEES, IBANS, strict=False)
    ]
    return [*rows, *shift_to_2019(rows), *payees]
