"""The whole engine in plain Python, from rows of text to outcomes."""

from collections.abc import Hashable, Iterable
from dataclasses import replace
from datetime import date
from itertools import product
from typing import cast

from core.act_fields import Field
from core.catalog import CATALOG, KIND_NUMBERS, Family
from core.directory import EMPTY_DIRECTORY, Directory
from core.directory_entries import DirectoryEntry
from core.nomenclature import ORDINARY_FUND
from core.outcome_codes import Outcome
from core.periods import to_period
from core.senders import RESERVED_SENDERS
from tests.oracle import amounts, days, decisions, hashing, invoices, merges, periods, persons, whole_numbers
from tests.oracle.assignment import build_cell, find_sheet, find_source, has_cell
from tests.oracle.availability import compute_available
from tests.oracle.ledger import Ledger, LedgerSubmission
from tests.oracle.lines import Line
from tests.oracle.model import AE, CONSUMED, CP, FROZEN, NONE, Cell, Decision, Signature, World
from tests.oracle.reference import Reference
from tests.oracle.remaining import CommitmentSums, sum_commitments
from tests.oracle.rollback import decide_form
from tests.oracle.row_reading import (
    ReadLine,
    Row,
    build_content,
    find_posting_day,
    find_posting_month,
    read_acts,
    read_terms,
)

LineResult = tuple[str, str, int]
"""Name of the outcome, code of the fund centre that lacks credit or empty, missing cents."""

_LACKS_OF_PREDECESSOR = (
    Outcome.REVERSAL_EXCEEDS_ORIGINAL,
    Outcome.COMMITMENT_EXCEEDED,
    Outcome.SERVICE_INSUFFICIENT,
    Outcome.SERVICE_ALREADY_BILLED,
    Outcome.ORIGINAL_FOLLOWED,
    Outcome.SUSPENSE_EXCEEDED,
    Outcome.RESTORATION_EXCEEDS_RECEIPT,
    Outcome.REPAYMENT_EXCEEDS_PAYMENT,
    Outcome.RETENTION_EXCEEDED,
    Outcome.DEPRECIATION_EXCEEDED,
    Outcome.ASSET_VALUE_EXCEEDED,
    Outcome.DEPRECIATION_SHARE_EXCEEDED,
)
_ASSIGNMENT = (Field.FUND_CENTRE, Field.FUNCTIONAL_AREA, Field.COMMITMENT_ITEM, Field.FUND, Field.OPERATION)


class Engine:
    """A ledger that takes rows of the flat act format."""

    def __init__(self, reference: Reference, directory: Directory | None = None) -> None:
        """Begin an empty ledger; without a ``directory`` lines are decided whomever they name."""
        self.reference, self._directory = reference, directory
        self._signatures: dict[int, Signature] = {}
        self._cells: dict[int, Cell] = {}
        self._cell_numbers: dict[Hashable, int] = {}
        self.ledger = Ledger(
            World(
                nodes=reference.nodes,
                cells=self._cells,
                open_periods=reference.list_open_periods(),
                roles=reference.list_shared_accounts(),
                creditors=reference.list_own_creditors(),
                assets=reference.list_asset_accounts(),
                counterparts=reference.list_counterparts(),
                successions=reference.successions,
                programmes=reference.list_programmes(),
                special=reference.list_special_accounts(),
                years=reference.list_budget_years(),
                payroll_checks=reference.list_payroll_checks(),
                entry_accounts=reference.list_entry_accounts(),
                account_codes={number: code for code, number in reference.accounts.items()},
                signatures=self._signatures,
                grants=persons.build_grants(directory, reference) if directory else (),
            )
        )
        self._held: set[int] = set()
        self._merges: dict[str, tuple[str, int]] = {}

    def submit(self, rows: Iterable[Row], sender: str = "ministry") -> list[LineResult]:
        """Decide one file with all passes of held acts; return the result of each row."""
        rows = list(rows)
        file = self.open_file(rows, sender)
        file.present_rows(len(rows))
        first, last = file.finish()
        self._held = {row for row, (outcome, _, _) in enumerate(first) if outcome == Outcome.HELD.name}
        return last

    def open_file(self, rows: Iterable[Row], sender: str = "ministry") -> "OpenFile":
        """Begin a file; forms may be decided between two of its acts, other files behind its end."""
        return OpenFile(
            self, [self._build_lines(act, sender) for act in read_acts(rows, self.reference, sender)]
        )

    def submit_form(
        self, rows: Iterable[Row], sender: str = "ministry", *, is_atomic: bool = True
    ) -> list[LineResult]:
        """Decide one form, its acts all accepted or none if it ``is_atomic``; return the result of each row."""
        lines = decisions.join_acts(
            [self._build_lines(act, sender) for act in read_acts(rows, self.reference, sender)]
        )
        self._held = set()
        if is_atomic:
            return self.build_results(decide_form(lines, self.ledger), lines)
        return self.build_results(decisions.decide(lines, self.ledger, holding=False), lines)

    def list_held(self) -> set[int]:
        """Return the rows of the last file or form that waited for a later act, from 0."""
        return self._held

    def read_available(self, fields: Row) -> tuple[int, int]:
        """Return AE and CP available at a fund centre or operation, for an item, fund and budget year."""
        node, figures = self._find_node(fields), self.ledger.state.figures
        return compute_available(figures, node, AE), compute_available(figures, node, CP)

    def read_consumed(self, fields: Row) -> tuple[int, int]:
        """Return AE and CP consumed at a fund centre or operation."""
        node, figures = self._find_node(fields), self.ledger.state.figures
        return figures.get((node, AE + CONSUMED), 0), figures.get((node, CP + CONSUMED), 0)

    def read_frozen(self, fields: Row) -> tuple[int, int]:
        """Return AE and CP frozen at a fund centre and below it."""
        node, figures = self._find_node(fields), self.ledger.state.figures
        return figures.get((node, AE + FROZEN), 0), figures.get((node, CP + FROZEN), 0)

    def read_reported(self, fields: Row) -> int:
        """Return the AE reported as consumed at a fund centre or operation."""
        return self.read_consumed(fields)[0] - self.ledger.state.withdrawn.get(self._find_node(fields), 0)

    def read_commitments(self, centre: str, year: int) -> CommitmentSums:
        """Return what the commitments of a fund centre and budget year engaged, withdrew and paid so far."""
        nodes = frozenset(
            self.reference.find_node(centre, (year, *sheet)) for sheet in product((0, 1), range(3))
        )
        return sum_commitments(self.ledger.state.journal, self._cells, nodes)

    def _find_node(self, fields: Row) -> int:
        by_field = {Field[name.upper()]: text for name, text in fields.items()}
        return self.reference.find_node(by_field[Field.FUND_CENTRE], find_sheet(by_field, self.reference))

    def decide_period(self, month: str, action: str, accountant: str) -> None:
        """Close, reopen or lock a month for one accountant, or for all."""
        exercise, number = month.split("-")
        before, after = periods.CHANGES[action]
        world, period = self.ledger.world, to_period(int(exercise), int(number))
        everybody = range(len(self.reference.accountants) + 1)
        whose = [self.reference.accountants[accountant]] if accountant else everybody
        changed = {(period, owner): after for owner in whose if world.find_state(period, owner) is before}
        assert changed, f"{month} cannot be changed by {action}"
        self.ledger.world = world._replace(period_states={**world.period_states, **changed})

    def change_directory(self, entries: Iterable[DirectoryEntry]) -> None:
        """Add persons, roles, delegations or agreements, which hold from now on."""
        self._directory = persons.add_entries(self._directory or EMPTY_DIRECTORY, entries)
        grants = persons.build_grants(self._directory, self.reference)
        self.ledger.world = self.ledger.world._replace(grants=grants)

    def require_agreements(self, year: int, first_day: date) -> None:
        """Require persons or an agreement from this day of an exercise on."""
        exercise = replace(self.reference.exercises[year], agreement_required_from=first_day)
        exercises = {**self.reference.exercises, year: exercise}
        self.reference = self.reference._replace(exercises=exercises)

    def merge_third_party(self, code: str, into: str, first_day: date) -> None:
        """Merge a third party into another one: the invoices of both are those of one person from now on."""
        self._merges[code] = (into, (first_day - date(1970, 1, 1)).days)
        state = self.ledger.state
        state.payees[code] = state.payees[code]._replace(merged_into=state.payees[into].number)
        for supplier, number in cast(list[tuple[str, bytes]], list(state.invoices)):
            if supplier == code:
                person = merges.find_code(self._merges, code)
                own = (*state.invoices.get((person, number), ()), *state.invoices[supplier, number])
                state.invoices[person, number] = own

    def read_totals(self, account: str, accountant: str = "") -> tuple[int, int]:
        """Return debit and credit of an account over all periods, of one accountant or of all."""
        number, owner = self.reference.accounts[account], self.reference.accountants.get(accountant, 0)
        sums = [
            both
            for (_, of_whom, other), both in self.ledger.state.sums.items()
            if other == number and owner in (0, of_whom)
        ]
        return sum(debit for debit, _ in sums), sum(credit for _, credit in sums)

    def list_posted_accounts(self) -> set[str]:
        """Return the accounts with a debit or a credit."""
        posted = {at[-1] for at, both in self.ledger.state.sums.items() if any(both)}
        return {code for code, number in self.reference.accounts.items() if number in posted}

    def build_results(self, row_decisions: list[Decision], lines: list[Line]) -> list[LineResult]:
        """Return decisions in words."""
        return [
            (d.outcome.name, self.reference.find_centre(d.node), _find_shown_missing(d, line))
            for d, line in zip(row_decisions, lines, strict=True)
        ]

    def _build_lines(self, act: list[ReadLine], sender: str) -> list[Line]:
        cents = sum(amounts.parse(line.read_text(Field.AMOUNT))[0] for line in act if not line.fault)
        lines = [self._build_line(line, sender) for line in act]
        if not self._directory:
            return lines
        return [self._sign_line(bare, line, (cents, sender)) for bare, line in zip(lines, act, strict=True)]

    def _sign_line(self, bare: Line, line: ReadLine, act: tuple[int, str]) -> Line:
        """Add whom the line names, or its fault; ``act`` is the amount of the act and its sender."""
        directory = self._directory
        if bare.fault or not directory:
            return bare
        fault = persons.find_fault(line, directory)
        signature = None if fault else persons.read_signature(line, directory)
        if not fault and not signature:
            fault = persons.find_agreement_fault(line, *act, directory=directory, reference=self.reference)
        if fault:
            return bare._replace(fault=fault)
        return bare._replace(signature=self._number_signature(signature) if signature else 0)

    def _number_signature(self, signature: Signature) -> int:
        number = next((at for at, other in self._signatures.items() if other == signature), 0)
        number = number or len(self._signatures) + 1
        self._signatures[number] = signature
        return number

    def _build_line(self, line: ReadLine, sender: str) -> Line:
        """Return the line in numbers; a faulty one needs only its key, its content and its fault."""
        kind, exercise = line.kind, whole_numbers.parse(line.read_text(Field.EXERCISE)) or 0
        key = (line.find_owner(), kind.family, exercise, line.read_text(Field.REFERENCE))
        cents, _ = amounts.parse(line.read_text(Field.AMOUNT))
        bare = Line(0, KIND_NUMBERS.get(kind.name, 0), cents, 0, key, build_content(line), line.fault)
        if line.fault:
            return bare
        if merges.find_fault(self._merges, line, find_posting_day(line) or 0):
            return bare._replace(fault=Outcome.THIRD_PARTY_MERGED)
        predecessor = hashing.split_predecessor(line.read_text(Field.PREDECESSOR)) if kind.follows else None
        return bare._replace(
            period=to_period(exercise, self._find_month(line)),
            cell=self._number_cell(line) if has_cell(kind, line.fields) else NONE,
            source=find_source(kind, line.fields, self.reference),
            account=self.reference.accounts.get(line.read_text(Field.ACCOUNT), 0),
            previous=(
                line.read_text(Field.PREDECESSOR_SENDER) or sender,
                kind.follows,
                exercise,
                predecessor[0],
            )
            if predecessor and predecessor[0]
            else None,
            previous_line=max(predecessor[1], 0) if predecessor else 0,
            previous_entry=max(-predecessor[1], 0) if predecessor else 0,
            payee=line.read_text(Field.PAYEE) if kind.pays or kind.family is Family.THIRD_PARTY else None,
            bank=line.read_text(Field.IBAN) or 0,
            invoice=self._read_invoice(line),
            invoice_part=whole_numbers.parse(line.read_text(Field.INVOICE_PART)) or 0,
            invoice_day=days.parse(line.read_text(Field.INVOICE_DATE)) or 0,
            day=find_posting_day(line) or 0,
            terms=read_terms(line),
            debits_until=len(self.ledger.state.items)
            if kind.is_interest and not line.read_text(Field.REASON)
            else None,
            nature=self._read_nature(line, exercise),
            state_payee=line.read_text(Field.PAYEE) if kind.pays else 0,
        )

    def _read_invoice(self, line: ReadLine) -> tuple[str, bytes] | None:
        """Return supplier, as a person, and number of the invoice that a request states; None if it states none."""
        number = invoices.normalise_number(line.read_text(Field.INVOICE_NUMBER).encode())
        if not number or not line.kind.bills:
            return None
        return merges.find_code(self._merges, line.read_text(Field.PAYEE)), number

    def _find_month(self, line: ReadLine) -> int:
        """Return the month of a line; an opening stands before the first one, inventory and result behind the last one."""
        own = {Family.OPENING: 0, Family.INVENTORY: 13, Family.RESULT: 15}
        by_name = {"inventory_correction": 13, "provision": 14, "provision_release": 14}
        by_name["provision_correction"] = 14
        month = by_name.get(line.kind.name, own.get(line.kind.family, -1))
        return (find_posting_month(line, self.reference) or 0) if month < 0 else month

    def _read_nature(self, line: ReadLine, exercise: int) -> int:
        year = self.reference.years.get(exercise)
        if line.kind.family is Family.JOURNAL and year is not None:
            account, is_debit = line.read_text(Field.ACCOUNT), line.kind.name.endswith("_debit")
            if account in year.chart.liaison:
                return 1
            if not is_debit and account.startswith("7") and account in year.chart.accounts:
                return 2
            return 3 if is_debit and account in year.chart.suspense else 0
        return int(
            year is not None
            and line.kind.before_service
            and line.read_text(Field.NATURE) in year.nomenclature.natures
        )

    def _number_cell(self, line: ReadLine) -> int:
        """Return the number of the line's account assignment, a new one on its first occurrence."""
        year = whole_numbers.parse(line.read_text(Field.BUDGET_YEAR) or line.read_text(Field.EXERCISE))
        key = (*(line.read_text(field).replace(ORDINARY_FUND, "") for field in _ASSIGNMENT), year)
        if key not in self._cell_numbers:
            number = self._cell_numbers[key] = len(self._cell_numbers) + 1
            self._cells[number] = build_cell(line.fields, self.reference)
        return self._cell_numbers[key]


class OpenFile:
    """A file of which some rows are decided."""

    def __init__(self, engine: Engine, acts: list[list[Line]]) -> None:
        self._engine, self._submission = engine, LedgerSubmission(engine.ledger, acts)
        self._lines = [line for act in acts for line in act]
        self._acts_left = list(map(len, acts))

    def present_rows(self, count: int) -> None:
        """Decide the next ``count`` rows, whole acts, for the first time."""
        while count > 0:
            count -= self._acts_left.pop(0)
            self._submission.present(1)

    def finish(self) -> tuple[list[LineResult], list[LineResult]]:
        """Decide the held acts behind the last row; return the results of the first pass, and the final ones."""
        first, last = self._submission.finish()
        whole_passes = (_flatten(first), _flatten(last))
        first_results, last_results = (
            self._engine.build_results(row_decisions, self._lines) for row_decisions in whole_passes
        )
        return first_results, last_results


def _find_shown_missing(decision: Decision, line: Line) -> int:
    """Return the missing cents that a sender reads: none of an act that is another's, or named by its entry."""
    if decision.outcome not in _LACKS_OF_PREDECESSOR:
        return decision.missing
    sender, named = (key[0] if isinstance(key, tuple) else None for key in (line.key, line.previous))
    is_hidden = (
        decision.outcome in (Outcome.SERVICE_ALREADY_BILLED, Outcome.ORIGINAL_FOLLOWED)
        or line.previous_entry
        or named not in (None, sender)
    )
    is_own_sender = sender in RESERVED_SENDERS or CATALOG[line.kind].carries
    return 0 if is_hidden and not is_own_sender else decision.missing


def _flatten(answers: Iterable[list[Decision]]) -> list[Decision]:
    return [decision for answer in answers for decision in answer]
