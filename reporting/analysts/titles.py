"""The titles of codes and kinds that the views of analysts show, from the reference data and the catalog of this version."""

from collections.abc import Iterator
from typing import NamedTuple

from core.act_kind import ActKind
from core.catalog import CATALOG
from core.chart import Chart
from core.debt_stages import Remainder, Stage
from core.families import Family
from core.nomenclature import FundCentre, Nomenclature, Programme
from reporting.code_labels import CodeLabels
from reporting.code_names import ACCOUNT, AREA, CENTRE, FUND, ITEM

_OPEN_STAGES = frozenset(
    {
        *(Stage.PAYABLE, Stage.IN_TRANSIT, Stage.RETURNED, Stage.REOPENED, Stage.DUE),
        *(Stage.RETAINED, Stage.WITHHELD, Stage.BY_HAND),
    }
)
"""The stages at which an amount is open: owed, to be collected, under way, kept back, or on a suspense account."""


class KindTitle(NamedTuple):
    """A row of ``analyst_kind``."""

    kind: int
    name: str
    title: str
    family: str
    stage: str
    open_side: str
    takes: bool
    mirrors: bool
    effect: str
    cp_sign: int
    remits: bool


class CodeTitle(NamedTuple):
    """A row of ``analyst_code``."""

    kind: int
    year: int
    code: str
    title: str
    parent: str = ""
    level: str = ""
    programme: str = ""
    mission: str = ""
    ministry: str = ""
    is_suspense: bool = False


def list_kind_titles() -> list[KindTitle]:
    """Return a row for each kind of the catalog."""
    return [_describe_kind(number, kind) for number, kind in enumerate(CATALOG) if number]


def _describe_kind(number: int, kind: ActKind) -> KindTitle:
    is_open = kind.reaches in _OPEN_STAGES
    return KindTitle(
        kind=number,
        name=kind.name,
        title=kind.french,
        family=kind.family.name.lower(),
        stage=kind.reaches.name.lower() if is_open else "",
        open_side=_find_open_side(kind) if is_open else "",
        takes=kind.mirrors or kind.draws is Remainder.OPEN or kind.opens_item,
        mirrors=kind.mirrors,
        effect=_find_effect(kind),
        cp_sign=kind.settles + kind.cp_consumed,
        remits=kind.remits,
    )


def _find_open_side(kind: ActKind) -> str:
    """Return the side of the account on which the amount stands: of an act by hand that of its only side."""
    if kind.reaches is Stage.DUE or kind.stands_on_debit:
        return "debit"
    return "stated" if kind.posts_by_hand else "credit"


def _find_effect(kind: ActKind) -> str:
    """Return what the kind does to the line of a commitment that it follows; empty if it does nothing that the views show."""
    if kind.family is Family.COMMITMENT:
        return "commit"
    if kind.family is Family.COMMITMENT_CHANGE:
        return "increase" if kind.feeds else "decrease"
    if kind.family is Family.SERVICE and not kind.carries:
        return "certify"
    return "request" if kind.pays and kind.follows is Family.COMMITMENT else ""


def stream_code_titles(labels: CodeLabels) -> Iterator[list[CodeTitle]]:
    """Yield the rows of one year after the other."""
    for year, nomenclature in labels.years.items():
        yield [*_list_year(year, nomenclature), *_list_accounts(year, labels.charts[year])]


def _list_year(year: int, codes: Nomenclature) -> Iterator[CodeTitle]:
    above: dict[str, Programme] = {}
    for code, centre in codes.centres.items():  # a parent comes before its children
        above[code] = above[centre.parent] if centre.parent else codes.programmes[code]
        yield _describe_centre(year, centre, above[code])
    for code, area in codes.areas.items():
        programme = codes.programmes[area.programme]
        belongs = (programme.code, programme.mission, programme.ministry)
        yield CodeTitle(AREA, year, code, area.label, "", "", *belongs)
    for code, item in codes.items.items():
        yield CodeTitle(ITEM, year, code, item.label)
    for code, fund in codes.funds.items():
        yield CodeTitle(FUND, year, code, "", "", fund.family.name.lower(), fund.programme)


def _describe_centre(year: int, centre: FundCentre, programme: Programme) -> CodeTitle:
    level, belongs = centre.level.name.lower(), (programme.code, programme.mission, programme.ministry)
    return CodeTitle(CENTRE, year, centre.code, centre.label, centre.parent, level, *belongs)


def _list_accounts(year: int, chart: Chart) -> Iterator[CodeTitle]:
    for code, account in chart.accounts.items():
        yield CodeTitle(ACCOUNT, year, code, account.label, is_suspense=code in chart.suspense)
