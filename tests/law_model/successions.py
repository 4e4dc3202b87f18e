"""Where a fund centre, area and operation go in the next year by its orders (GBCP art. 161; docs/closing.md)."""

from typing import NamedTuple

from tests.law_model.nomenclature import Order, Year

_DIGITS = 4
"""Those of a programme."""


class Place(NamedTuple):
    """The part of an account assignment that an order changes."""

    centre: str
    area: str
    operation: str


def move_place(place: Place, act: tuple[str, str], before: Year, after: Year) -> Place:
    """Return where an act goes: by the row that names it, then the lower fund centre, then the area; else where it is."""
    path = _list_path(place.operation or place.centre, before)
    orders = [order for order in after.orders if _concerns(order, place, act, path)]
    if not orders:
        return place
    order = min(orders, key=lambda order: (order.act != act, path.index(order.centre), order.area == ""))
    return _follow(order, place, after)


def _list_path(centre: str, year: Year) -> list[str]:
    path = [centre]
    while path[-1] in year.centres and year.centres[path[-1]].parent:
        path.append(year.centres[path[-1]].parent)
    return path


def _concerns(order: Order, place: Place, act: tuple[str, str], path: list[str]) -> bool:
    return order.centre in path and order.area in ("", place.area) and order.act in (("", ""), act)


def _follow(order: Order, place: Place, after: Year) -> Place:
    new = after.centres[order.new_centre]
    area = order.new_area or new.programme + place.area[_DIGITS:]
    area = area if place.area else ""
    if new.level == "operation":
        return Place(new.parent, area, new.code)
    ending = "" if new.level == "uo" else place.centre[len(order.centre) :]
    prefix = len("OP-") + _DIGITS
    operation = f"OP-{new.programme}{place.operation[prefix:]}" if place.operation else ""
    return Place(new.code + ending, area, operation)


def find_obstacle(place: Place, new: Place, item: str, fund: str, years: tuple[Year, Year]) -> bool:
    """Return whether what is at ``place`` cannot go on: a code is missing in the next year, or its accountant is another."""
    before, after = years
    codes = [code for code in (new.centre, new.operation) if code]
    has_codes = all(code in after.centres for code in codes) and new.area in ("", *after.areas)
    if not has_codes or item not in after.items or fund not in after.funds:
        return True
    return before.find_accountant(place.centre) != after.find_accountant(new.centre)
