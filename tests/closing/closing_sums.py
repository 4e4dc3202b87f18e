"""Sums of the closing year that share nothing with the reports: SQL over the entries, and the plain model of the law."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from core.catalog import CATALOG, KIND_NUMBERS
from tests.closing import closing_page
from tests.closing.closing_page import YEAR, ActFile, Sums, list_rows
from tests.file_strategies import Row
from tests.law_model.budget import NodeKey
from tests.law_model.model import LawModel
from tests.law_model.nomenclature import read_reference
from tests.law_model.opening_balances import list_openings
from tests.law_model.rollover import COMMITMENT_STEP, REQUEST_STEP, Rollover
from tests.service.small_state import State

_SIDES = """
select s.exercise, o.code as accountant, a.code as account, sum(s.debit)::bigint as debit, sum(s.credit)::bigint as credit
from (select exercise, month, accountant, debit as account, amount as debit, 0 as credit from entry where debit <> 0
      union all
      select exercise, month, accountant, credit, 0, amount from entry where credit <> 0) s
join reference_text a on a.kind = 5 and a.id = s.account
join reference_text o on o.kind = 8 and o.id = s.accountant
where (s.month = 0) = $1
group by 1, 2, 3
"""
_POSTED = """
select e.kind, p.reference as of, o.code as accountant, e.amount, coalesce(d.code, '') as debit, coalesce(c.code, '') as credit
from entry e
join submission s on s.submission = e.submission and s.sender = 'closing' and s.batch_id like $1
     and ($1 not like '%-C14-%' or s.submission = (select max(submission) from submission where batch_id like $1))
join reference_text o on o.kind = 8 and o.id = e.accountant
left join entry p on p.entry_id = e.predecessor and e.predecessor <> 0
left join reference_text d on d.kind = 5 and d.id = e.debit
left join reference_text c on c.kind = 5 and c.id = e.credit
"""
_CREDITS = """
select left(t.code, 4) as programme, l.budget_year as year, e.kind, r.kind as of, q.kind as root,
       e.reference = any($1) as recycles, sum(e.amount)::bigint as cents
from entry e
join cell l on l.cell = e.cell
join reference_text t on t.kind = 1 and t.id = l.centre
left join entry r on r.entry_id = e.predecessor and e.predecessor <> 0
left join entry q on q.entry_id = r.predecessor and r.predecessor <> 0
group by 1, 2, 3, 4, 5, 6
"""
_DAY = date(2019, 1, 3)
_Execution = Counter[tuple[str, int, str, str]]


async def add_up_entries(state: State, *, is_opening: bool = False) -> Sums:
    """Add up what was posted, or what was opened, by year, accountant and account."""
    rows = await state.fetch(_SIDES, is_opening)
    return {
        (row["exercise"], row["accountant"], row["account"]): (row["debit"], row["credit"]) for row in rows
    }


async def read_posted(state: State, step: str) -> Counter[tuple[str, ...]]:
    """Return what a step posted, C14 at its last execution: kind, what it follows, accountant, cents, accounts."""
    rows = await state.fetch(_POSTED, f"{YEAR}-{step}-%")
    return Counter(
        (
            *(CATALOG[row["kind"]].name, row["of"] or "", row["accountant"]),
            *(str(row["amount"]), row["debit"], row["credit"]),
        )
        for row in rows
    )


async def add_up_credits(state: State) -> _Execution:
    """Add up by programme, year and measure what was opened, carried, consumed and annulled."""
    recycling = [row["reference"] for row in list_rows("act") if row.get("recycling_case")]
    sums: _Execution = Counter()
    for row in await state.fetch(_CREDITS, recycling):
        for measure, column, sign in _list_effects(row["kind"], (row["of"], row["root"]), row["recycles"]):
            sums[row["programme"], row["year"], measure, column] += sign * row["cents"]
    return sums


def _list_effects(kind: int, before: tuple[int, int], recycles: bool) -> Iterator[tuple[str, str, int]]:
    """Yield the measure, the column and the sign with which an act of a kind counts."""
    name, direct = CATALOG[kind].name, KIND_NUMBERS["direct_payment_request"]
    columns = {
        "budget_opening": "opened",
        "carryover_in": "carried_in",
        "carryover_out": "carried_out",
        "unused_cancellation": "annulled",
    }
    family, _, measure = name.rpartition("_")
    if family in columns:
        yield measure.upper(), columns[family], 1
    if name in ("commitment", "commitment_increase"):
        yield "AE", "consumed", 1
    if name == "commitment_decrease" or (name == "prior_withdrawal" and recycles):
        yield "AE", "consumed", -1
    if name == "payment":
        yield "CP", "consumed", 1
        if direct in before:
            yield "AE", "consumed", 1


# ------------------------------------------------------------------------------------------------ the law


class LawYear(NamedTuple):
    """What the model of the law comes to."""

    model: LawModel
    carried: list[tuple[str, str, str, int]]
    """Step, kind, reference and cents of what goes on."""
    technical: dict[str, int]
    """The technical account of the openings of January by accountant, debit less credit."""

    def read_consumed(self, programme: str, year: int, measure: str) -> int:
        """Return the cents that a programme consumed."""
        node = NodeKey(year, programme, False, "ordinary")
        return self.model.state.budget.nodes[node].sums(measure.lower()).consumed


def decide_by_law(reference: Path, technical: str) -> LawYear:
    """Let the model decide the acts of the page, and carry what it finds open."""
    year = LawYear(LawModel(read_reference(reference)), [], {})
    for table in closing_page.load_page().tables:
        rows = [row for _, row in table.rows]
        match table.category:
            case "payee":
                _submit(year.model, ActFile("ministry", closing_page.build_payees()))
            case "credits":
                _submit(year.model, ActFile("ministry", closing_page.build_credits(rows)))
            case "act":
                for file in closing_page.split_files(rows):
                    _submit(year.model, file)
            case "step" if rows[0]["step"] == "C01":
                _carry(year)
                _note_openings(year, technical)
    return year


def _submit(model: LawModel, file: ActFile) -> None:
    rows = [_name_document(model, row, file) for row in file.rows]
    codes = [result.code for result in model.submit(rows, file.sender)]
    assert set(codes) == {"ACCEPTED"}, list(zip(codes, rows, strict=True))


def _name_document(model: LawModel, row: Row, file: ActFile) -> Row:
    if (name := file.find_name(row)) is None:
        return closing_page.cut_year(row)
    key = name.reference, name.year
    documents = [act for act in model.state.documents if (act.reference, act.exercise) == key]
    return row | {"predecessor": f"@{documents[name.line - 1].number}"}


def _carry(year: LawYear) -> None:
    for step in (COMMITMENT_STEP, REQUEST_STEP):
        rows = Rollover(year.model.state, YEAR).list_rows(step, _DAY)
        _submit(year.model, ActFile("closing", rows))
        year.carried.extend(
            (step, row["kind"], row["reference"], closing_page.read_cents(row["amount"])) for row in rows
        )


def _note_openings(year: LawYear, technical: str) -> None:
    centres = {row["fund_centre"]: row["accountant"] for row in list_rows("place")}
    for row in list_openings(year.model.state, YEAR):
        if row["account"] == technical:
            accountant = next(
                name for centre, name in centres.items() if centre.startswith(row["fund_centre"])
            )
            sign = 1 if row["kind"].endswith("debit") else -1
            year.technical[accountant] = sign * closing_page.read_cents(row["amount"])


def add_up_acts() -> Sums:
    """Add up the columns of the acts."""
    return closing_page.add_up_rows(list_rows("act"))
