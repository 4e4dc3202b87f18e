"""A small budget as tables for the decision kernel, and its content in the terms of the plain model."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple, cast

import numpy as np

from core.account_roles import ENTRY_ROLES
from core.catalog import CATALOG, KIND_NUMBERS, ActKind, Family, Remainder, Role, Stage
from core.catalog_effects import Effects, build_effects
from core.outcome_codes import Outcome
from core.periods import PERIODS_PER_YEAR, YEAR_FIRST
from core.restorations import ANY_YEAR, RestorationRule
from core.roles import build_role_kinds
from core.tables.account_columns import ACCOUNT_COLUMNS, INVENTORY_COLUMN
from core.tables.book import (
    CLAIM_DAY_BIT,
    CLAIM_LINE_BIT,
    CREDITOR_SETS,
    FOLLOWED_BIT,
    LEDGER_ACCOUNTANTS,
    LEDGER_ACCOUNTS,
    PAYEE_BLOCKED_BIT,
    ROLE_COUNT,
    SUSPENDED_BIT,
    USE_MASK,
    BudgetNodes,
    BudgetYears,
    Cells,
    Counters,
    FrozenFigures,
    KeyRows,
    Ledger,
    OpenItems,
    TitleFigures,
    WithdrawnFigures,
)
from core.tables.book import Book as Tables
from core.tables.columns import allocate_records, seal_array, to_record_dtype
from core.tables.decree_balances import DecreeFigures
from core.tables.expense_marks import MOVE_MASK, REPAYMENT_BIT, REPAYMENT_MASK, RETENTION_BIT
from core.tables.followers import Followers
from core.tables.journal import Acts, Decisions
from core.tables.special_balances import SpecialProgrammes
from kernels import decisions as kernel
from tests.act_strategies import MERGED_INTO, to_columns
from tests.book_strategies import StartingBook
from tests.kernels.directory_cases import build_grant_starts, build_grants, build_signatures
from tests.kernels.marked_pages import require_marks
from tests.oracle import advances, invoices, special_accounts
from tests.oracle import ledger as oracle
from tests.oracle.lines import Line
from tests.oracle.model import (
    AE,
    CP,
    EARMARKED,
    FIGURES,
    FROZEN,
    FROZEN_HERE,
    NONE,
    AcceptedAct,
    Claim,
    Decision,
    DecreeKey,
    Fingerprint,
    OpenItem,
    Payee,
    State,
    TitleKey,
    World,
)

_PERIODS = 8


_FROZEN_COLUMNS = {
    AE + FROZEN: "ae",
    CP + FROZEN: "cp",
    AE + FROZEN_HERE: "ae_here",
    CP + FROZEN_HERE: "cp_here",
    EARMARKED: "earmarked",
}
"""The column of ``FrozenFigures`` of each figure of the plain model that is not in ``Book.figures``."""


class BookContent(NamedTuple):
    """All state that decisions change, without zeros."""

    figures: dict[tuple[int, int], int]
    items: dict[int, OpenItem]
    payees: dict[Fingerprint, Payee]
    keys: dict[Fingerprint, tuple[int, object]]
    """The first entry of each act, and the digest of its content."""
    lines_after: dict[int, int]
    sums: dict[tuple[int, int, int], tuple[int, int]]
    titles: dict[TitleKey, tuple[int, int]]
    withdrawn: dict[int, int]
    decrees: dict[DecreeKey, int]
    collected: dict[tuple[int, Hashable], int]
    engaged: dict[tuple[int, Hashable], int]
    carried: dict[tuple[int, Hashable], int]
    waiting: dict[Fingerprint, object]
    invoices: dict[Fingerprint, tuple[Claim, ...]]


class KernelBook:
    """The tables of a book for a limited number of lines."""

    def __init__(self, book: StartingBook, lines: int) -> None:
        self._title_keys, self._world = _list_titles(book), book.world
        self.tables = Tables(
            effects=seal_array(
                _allocate_rows(Effects, zip(*(column.tolist() for column in build_effects()), strict=True))
            ),
            cells=seal_array(_build_cells(book, self._title_keys)),
            nodes=_build_nodes(book),
            items=allocate_records(OpenItems, lines + 1),
            ledger=allocate_records(Ledger, _PERIODS * LEDGER_ACCOUNTANTS * LEDGER_ACCOUNTS),
            keys=allocate_records(KeyRows, lines),
            payees=allocate_records(KeyRows, lines),
            waiting=allocate_records(KeyRows, lines),
            invoices=allocate_records(KeyRows, lines),
            counters=allocate_records(Counters, 1),
            figures=np.zeros((max(book.world.nodes) + 1, FIGURES), np.int64),
            periods=_build_periods(book),
            folios=np.zeros(_PERIODS * LEDGER_ACCOUNTANTS, np.uint8),
            years=seal_array(_build_years(book)),
            followers=seal_array(_build_followers(book)),
            titles=_build_titles(book, self._title_keys),
            frozen=allocate_records(FrozenFigures, max(book.world.nodes) + 1),
            withdrawn=allocate_records(WithdrawnFigures, max(book.world.nodes) + 1),
            decrees=allocate_records(DecreeFigures, 2 * max(book.world.nodes) + 2),
            decree_years=allocate_records(DecreeFigures, 2 * max(book.world.years) + 2),
            special=_build_special_accounts(book),
            payroll_checks=np.isin(
                np.arange(_PERIODS), [period for period, _ in book.world.payroll_checks]
            ).astype(np.uint8),
            roles=_build_roles(book),
            creditors=_build_creditors(book),
            assets=_build_assets(book),
            admitted=_build_admitted(book),
            role_kinds=build_role_kinds().ravel(),
            signatures=seal_array(build_signatures(book.world)),
            grants=seal_array(build_grants(book.world)),
            grant_starts=build_grant_starts(book.world),
            slots=_allocate_slots(lines),
            payee_slots=_allocate_slots(lines),
            waiting_slots=_allocate_slots(lines),
            invoice_slots=_allocate_slots(lines),
        )
        for (node, figure), cents in book.figures.items():
            if figure in _FROZEN_COLUMNS:
                self.tables.frozen[_FROZEN_COLUMNS[figure]][node] = cents
            else:
                self.tables.figures[node, figure] = cents

    def decide(self, lines: Sequence[Line], holding: bool) -> list[Decision]:
        """Decide by the kernel; check that it changes no read-only argument, and no old item without a mark."""
        acts, decisions = to_records(lines), allocate_records(Decisions, len(lines))
        tables = self.tables
        fixed = (
            acts,
            tables.effects,
            tables.cells,
            tables.periods,
            tables.years,
            tables.followers,
            tables.signatures,
            tables.grants,
        )
        before = [array.tobytes() for array in fixed]
        items, entries = tables.items.copy(), int(tables.counters[0]["entries"])
        kernel.decide(acts, self.tables, decisions, holding)
        assert [array.tobytes() for array in fixed] == before
        require_marks(items, entries, tables, decisions)
        return [to_decision(row) for row in decisions]

    def merge_payees(self, ledger: oracle.Ledger, code: Fingerprint) -> None:
        """Merge a payee into the first one, in these tables and in the plain model, if both are registered."""
        plain, count = ledger.state.payees, self.tables.counters[0]["payees"]
        if code is None or not {code, MERGED_INTO} <= plain.keys():
            return
        plain[code] = plain[code]._replace(merged_into=plain[MERGED_INTO].number)
        values, row = self.tables.payees["value"][:count], plain[code].number - 1
        values[row] = values[row] - values[row] % PAYEE_BLOCKED_BIT + plain[MERGED_INTO].number

    def read_content(self) -> BookContent:
        """Return the content of the tables."""
        tables, count = self.tables, self.tables.counters[0]
        items = {
            entry: dict(zip(OpenItems._fields, row, strict=True))
            for entry, row in enumerate(tables.items.tolist())
        }
        keys: dict[Fingerprint, tuple[int, object]] = {
            (row[0], row[1]): (row[2], row[3]) for row in tables.keys[: count["keys"]].tolist()
        }
        payees: dict[Fingerprint, Payee] = {
            (row[0], row[1]): _to_payee(number, *row[2:])
            for number, row in enumerate(tables.payees[: count["payees"]].tolist(), 1)
        }
        return BookContent(
            self._read_figures(),
            {entry: to_item(_read_disposal(items, entry)) for entry in range(1, int(count["entries"]) + 1)},
            payees,
            keys,
            {entry: items[entry]["lines_after"] for entry in range(1, int(count["entries"]) + 1)},
            self.read_sums(),
            {
                key: (opened, anticipated)
                for key, (opened, anticipated, _) in zip(
                    self._title_keys, tables.titles.tolist(), strict=False
                )
                if opened or anticipated
            },
            {node: cents for node, (cents, _) in enumerate(tables.withdrawn.tolist()) if cents},
            _list_decrees(tables.decrees),
            self._read_special("collected"),
            self._read_special("engaged"),
            self._read_special("carried"),
            {tuple(row[:2]): row[3] for row in tables.waiting[: count["waiting"]].tolist()},
            _list_claims(tables.invoices[: count["invoices"]].tolist()),
        )

    def _read_figures(self) -> dict[tuple[int, int], int]:
        """Return the figures of nodes, those of frozen credits too, without zeros."""
        figures, frozen = self.tables.figures, self.tables.frozen
        own = {(int(at), int(figure)): int(figures[at, figure]) for at, figure in np.argwhere(figures)}
        return own | {
            (int(at), figure): int(frozen[column][at])
            for figure, column in _FROZEN_COLUMNS.items()
            for at in np.flatnonzero(frozen[column])
        }

    def _read_special(self, figure: str) -> dict[tuple[int, Hashable], int]:
        """Return a figure of special accounts by budget year and programme, without zeros."""
        cents = self.tables.special[figure]
        rows = _number_special_accounts(self._world)
        return {key: int(cents[row]) for key, row in rows.items() if cents[row]}

    def set_sums(self, place: tuple[int, int, int], both: tuple[int, int]) -> None:
        """Set debit and credit of ``place`` = (period, accountant, account)."""
        period, accountant, account = place
        folio = period * LEDGER_ACCOUNTANTS + accountant
        self.tables.ledger[folio * LEDGER_ACCOUNTS + account] = (*both, 1)
        self.tables.folios[folio] = 1

    def read_sums(self) -> dict[tuple[int, int, int], tuple[int, int]]:
        """Return debit and credit by period, accountant and account, without zeros."""
        sums = {}
        for folio in np.flatnonzero(self.tables.folios).tolist():
            first = folio * LEDGER_ACCOUNTS
            rows = self.tables.ledger[first : first + LEDGER_ACCOUNTS].tolist()
            for account, (debit, credit, _) in enumerate(rows):
                if debit or credit:
                    sums[*divmod(folio, LEDGER_ACCOUNTANTS), account] = (debit, credit)
        return sums

    def list_touched(self) -> set[int]:
        """Return the nodes marked as changed."""
        return set(np.flatnonzero(self.tables.nodes["touched"]).tolist())


def read_ledger_content(ledger: oracle.Ledger) -> BookContent:
    """Return the content of the plain model in the same terms."""
    state = ledger.state
    keys: dict[Fingerprint, AcceptedAct] = dict(state.keys)
    lines_after = [
        (act.first + place, act.lines - 1 - place) for act in keys.values() for place in range(act.lines)
    ]
    return BookContent(
        {at: cents for at, cents in state.figures.items() if cents},
        {entry: _count_taken(state, entry) for entry in state.items},
        dict(state.payees),
        {key: (act.first, _fold_content(act.content)) for key, act in keys.items()},
        dict(lines_after),
        {at: both for at, both in state.sums.items() if any(both)},
        {key: both for key, both in state.titles.items() if any(both)},
        {node: cents for node, cents in state.withdrawn.items() if cents},
        {key: cents for key, cents in state.decrees.items() if cents},
        {key: cents for key, cents in state.collected.items() if cents},
        {key: cents for key, cents in state.engaged.items() if cents},
        {key: cents for key, cents in state.carried.items() if cents},
        {key: _fold_content(content) for key, content in ledger.waiting.items()},
        dict(state.invoices),
    )


def _count_taken(state: State, entry: int) -> OpenItem:
    """Return an item as the book has it: a debt counts what acts take up, not the acts, and has a mark of a guarantee."""
    item = state.items[entry]
    if CATALOG[item.kind].family is Family.COMMITMENT:
        return item if item.carried_to else item._replace(advanced=advances.sum_advanced(state, entry))
    mark = item.due or item.credit_day or advances.find_mark(state, entry)
    item = item._replace(advanced=mark, due=0, credit_day=0)
    if CATALOG[item.kind].reaches not in (Stage.PAYABLE, Stage.RETAINED, Stage.WITHHELD):
        return item
    return item._replace(retained=min(item.retained, 1), asked=0, followers=invoices.sum_taken(state, entry))


def to_records(lines: Sequence[Line]) -> np.ndarray:
    """Return ``lines`` as sealed records."""
    return seal_array(
        _allocate_rows(Acts, zip(*(to_columns(lines)[name] for name in Acts._fields), strict=True))
    )


def _fold_content(content: object) -> object:
    """Return the content of the first line, which is the digest of the whole act."""
    return content[0] if isinstance(content, tuple) else content


def to_decision(record: np.void) -> Decision:
    """Return a decision; predecessor, cell, payee and accounts have a meaning for accepted lines only."""
    row: dict[str, int] = dict(zip(Decisions._fields, record.tolist(), strict=True))
    outcome = Outcome(row["outcome"])
    bare = Decision(outcome, row["entry"], node=row["node"], missing=row["missing"])
    own = ("predecessor", "cell", "payee", "debit", "credit", "accountant")
    return bare._replace(**{name: row[name] for name in own}) if outcome is Outcome.ACCEPTED else bare


def to_item(row: dict[str, int]) -> OpenItem:
    """Return an open item without the notes of which amounts of a commitment came when.

    The item of a carried commitment has kind 0, and the commitment of the next year as its parent.
    Its payee is in the column in which a commitment counts the unbilled amount.
    """
    kind = CATALOG[row["kind"]]
    carried_to = row["parent"] if row["kind"] == 0 else 0
    if carried_to:
        row = row | {"kind": row["under"]}
    if CATALOG[row["under"]].family is Family.COMMITMENT:
        row = row | {"parent": 0, "debit": 0, "credit": 0}
    elif kind.feeds:
        row = row | {"unbilled": 0}
    original = row["under"] if CATALOG[row["kind"]].undoes else row["kind"]
    is_owed = CATALOG[original].reaches not in (Stage.NONE, Stage.IN_SERVICE, Stage.ACCRUED, Stage.PROVIDED)
    marks = FOLLOWED_BIT | SUSPENDED_BIT | USE_MASK | RETENTION_BIT | MOVE_MASK | REPAYMENT_MASK
    own = row["unbilled"] & ~marks
    fields = {"unbilled": 0, "payee": own} if is_owed else {"payee": 0}
    fields |= {"carried_to": carried_to, "asked": 0, "due": 0, "credit_day": 0}
    fields["leaving"] = row.get("leaving", 0)
    fields["is_followed"] = bool(row["unbilled"] & FOLLOWED_BIT)
    fields["is_moved"] = is_owed and bool(row["unbilled"] & MOVE_MASK)
    fields["repayments"] = (row["unbilled"] & REPAYMENT_MASK) >> REPAYMENT_BIT if is_owed else 0
    fields["retained"] = int(is_owed and bool(row["unbilled"] & RETENTION_BIT))
    fields["is_suspended"] = bool(row["unbilled"] & SUSPENDED_BIT)
    if kind.reaches in (Stage.PAYABLE, Stage.RETAINED, Stage.WITHHELD):
        fields["followers"] = row["followers"] | row["unbilled"] & USE_MASK
    return OpenItem(**{name: (row | fields)[name] for name in OpenItem._fields})  # type: ignore[arg-type]


def _read_disposal(items: Mapping[int, dict[str, int]], entry: int) -> dict[str, int]:
    """Return an item without what the last entry that took out of an asset notes; an asset has it as its own."""
    row = items[entry]
    kind = CATALOG[row["kind"]]
    if kind.reaches is Stage.IN_SERVICE:
        last = row["parent"]
        return row | {"parent": 0, "leaving": items[last]["unbilled"] if last else 0}
    if kind.draws in (Remainder.NET_VALUE, Remainder.DEPRECIATED):
        return row | {"open": 0, "unbilled": 0}
    return row


def list_followed(kind: ActKind, items: Mapping[int, OpenItem]) -> list[int]:
    """Return the entries that an act of ``kind`` may follow, by their stage, or else by their family."""
    if kind.after is not Stage.NONE:
        return [entry for entry, item in items.items() if CATALOG[item.kind].reaches is kind.after]
    return [entry for entry, item in items.items() if CATALOG[item.kind].family is kind.follows]


def _list_decrees(decrees: np.ndarray) -> dict[DecreeKey, int]:
    """Return the figures of decrees that are not 0."""
    return {
        (*divmod(row, 2), name): int(decrees[name][row])
        for name in DecreeFigures._fields[:-1]
        for row in np.flatnonzero(decrees[name]).tolist()
    }


def _list_claims(rows: Sequence[tuple[int, int, int, int]]) -> dict[Fingerprint, tuple[Claim, ...]]:
    """Return the claims of each invoice, one for each entry."""
    claims: dict[Fingerprint, tuple[Claim, ...]] = {}
    for high, low, first, content in rows:
        lines, terms = divmod(content, CLAIM_LINE_BIT)
        day, part = divmod(terms, CLAIM_DAY_BIT)
        run = (Claim(entry, part, day) for entry in range(first, first + lines))
        claims[high, low] = (*claims.get((high, low), ()), *run)
    return claims


def _to_payee(number: int, value: int, bank: int) -> Payee:
    person = value % PAYEE_BLOCKED_BIT
    return Payee(number, bank, value >= PAYEE_BLOCKED_BIT, person if person != number else 0)


def _allocate_rows(table: type, rows: Iterable[tuple[int, ...]]) -> np.ndarray:
    return np.array(list(rows), to_record_dtype(table))


def _allocate_slots(rows: int) -> np.ndarray:
    """Allocate as few slots as the kernels allow: at most half of them are ever in use."""
    return np.zeros(1 << (2 * rows).bit_length(), np.uint64)


def _build_periods(book: StartingBook) -> np.ndarray:
    folios = ((period, accountant) for period in range(_PERIODS) for accountant in range(LEDGER_ACCOUNTANTS))
    return np.array([book.world.find_state(*folio) for folio in folios], np.uint8)


def _build_creditors(book: StartingBook) -> np.ndarray:
    creditors = np.zeros((_PERIODS // PERIODS_PER_YEAR + 1, CREDITOR_SETS, LEDGER_ACCOUNTS), np.int16)
    for (year, account, role), creditor in book.world.creditors.items():
        creditors[year - YEAR_FIRST, int(role is Role.PAYROLL), account] = creditor
    return creditors.ravel()


def _build_assets(book: StartingBook) -> np.ndarray:
    plans = np.zeros((max(book.world.years) + 1, ACCOUNT_COLUMNS, LEDGER_ACCOUNTS), np.int16)
    for (year, account), plan in book.world.assets.items():
        plans[year, :INVENTORY_COLUMN, account] = plan
    for (year, name, account), counterpart in book.world.counterparts.items():
        column = INVENTORY_COLUMN + KIND_NUMBERS[name] - KIND_NUMBERS["accrual"]
        plans[year, column, account] = counterpart
    return plans.ravel()


def _build_admitted(book: StartingBook) -> np.ndarray:
    """Build a row for each cell, as if each had a commitment item of its own."""
    admitted = np.ones((max(book.world.cells) + 1, LEDGER_ACCOUNTS), np.uint8)
    for number, cell in book.world.cells.items():
        if cell.admitted is not None:
            admitted[number] = np.isin(np.arange(LEDGER_ACCOUNTS), list(cell.admitted))
    return admitted.ravel()


def _build_roles(book: StartingBook) -> np.ndarray:
    roles = np.zeros((max(book.world.years) + 1) * PERIODS_PER_YEAR * ROLE_COUNT, np.int16)
    for (period, role), account in book.world.roles.items():
        roles[period * ROLE_COUNT + role] = account
    for year, accounts in book.world.entry_accounts.items():
        for role, account in zip(ENTRY_ROLES, accounts, strict=True):
            roles[year * PERIODS_PER_YEAR * ROLE_COUNT + role] = account
    return roles


def _build_nodes(book: StartingBook) -> np.ndarray:
    nodes = allocate_records(BudgetNodes, max(book.world.nodes) + 1)
    for number, node in book.world.nodes.items():
        nodes[number] = (node.parent, node.level, node.staff, node.blocking, node.lifted, 0)
    return nodes


def _number_special_accounts(world: World) -> dict[tuple[int, Hashable], int]:
    """Return the row of each programme of an earmarked account, those of one account and year next to each other."""
    keys = sorted(
        world.special, key=lambda key: (key[0], min(map(str, world.special[key].programmes)), str(key))
    )
    return {key: row for row, key in enumerate(keys, 1)}


def _build_special_accounts(book: StartingBook) -> np.ndarray:
    rows = _number_special_accounts(book.world)
    table = allocate_records(SpecialProgrammes, len(rows) + 1)
    for (year, programme), row in rows.items():
        account = book.world.special[year, programme]
        members = [rows[year, other] for other in account.programmes]
        node = special_accounts.find_programme_node(book.world, year, programme)
        same = [
            key
            for key in rows
            if (key[0], book.world.special[key].name) == (year + 1, account.name)
            and book.world.special[key].section in ("", account.section)
        ]
        forbidden = sum(1 << cast(int, number) for number in account.state_payees)
        first = min(same, key=lambda key: str(key[1]), default=None)
        later = rows.get((year + 1, programme)) or (rows[first] if first else 0)
        table[row] = (
            node,
            year,
            min(members),
            max(members) + 1,
            later,
            account.brought,
            0,
            0,
            0,
            forbidden,
            0,
        )
    return table


def _build_years(book: StartingBook) -> np.ndarray:
    days = allocate_records(BudgetYears, max(book.world.years) + 1)
    nodes_a_year = (max(book.world.nodes) + 1) // len(book.world.years)
    for number, year in book.world.years.items():
        shares = year.virement_limit, year.advance_limit, year.cancellation_limit, year.carry_over_limit
        days[number] = (*year[:6], number * nodes_a_year, *shares, year.retention_limit, year.visa_days)
    return days


def _build_followers(book: StartingBook) -> np.ndarray:
    """Return the programmes that follow others in the second year, the only one into which an order leads."""
    pairs = sorted({(old, new) for _, old, new in book.world.successions if old != new}, key=repr)
    return _allocate_rows(Followers, ((0, 1, cast(int, old), cast(int, new)) for old, new in pairs))


def _list_titles(book: StartingBook) -> list[TitleKey]:
    """Return the keys of the rows of titles, in order: of every year of the book, though not every year has cells."""
    titles = {cell.title for cell in book.world.cells.values() if cell.title is not None}
    keys = {(year, title) for year in book.world.years for title in titles} | book.titles.keys()
    return sorted(keys, key=repr)


def _build_titles(book: StartingBook, keys: list[TitleKey]) -> np.ndarray:
    titles = allocate_records(TitleFigures, max(len(keys), 1))
    for at, key in enumerate(keys):
        titles[at] = (*book.titles.get(key, (0, 0)), 0)
    return titles


def _describe_restoration(rule: RestorationRule | None) -> dict[str, int]:
    """Return how long the collection of a nature of receipt restores credits, as the kernels read it."""
    if rule is None:
        return {"restored_years": 0, "restored_until_closed": 0}
    years = ANY_YEAR if rule.years is None else rule.years
    return {"restored_years": years, "restored_until_closed": int(rule.until_closed)}


def _build_cells(book: StartingBook, keys: list[TitleKey]) -> np.ndarray:
    cells, special = (
        allocate_records(Cells, max(book.world.cells) + 1),
        _number_special_accounts(book.world),
    )
    for number, cell in book.world.cells.items():
        fields = {
            "title": NONE if cell.title is None else keys.index((cell.year, cell.title)),
            "title_before": keys.index((cell.year - 1, cell.title)) if cell.may_anticipate else NONE,
            "level": book.world.nodes[cell.centre_node].level,
            "programme": cell.programme or 0,
            "admits": number,
            "area_code": cell.area or 0,
            "item_code": int(cell.item or 0),
            "fund_code": cell.fund or 0,
            "special": special.get((cell.year, cell.programme), 0),
            **_describe_restoration(cell.restoration),
        }
        cells[number] = tuple(
            fields[name] if name in fields else getattr(cell, name) for name in Cells._fields
        )
    return cells
