"""The tables of what decrees and orders may do: the programmes of each year, the limits, and the orders of carry-over."""

from typing import Any

import pyarrow as pa

from core.calendar import CARRY_OVER_LIMIT, DecreeLimits
from core.carry_over_rows import CarriedMeasure
from core.carry_overs import list_lifted_programmes
from core.decrees import find_account
from core.nomenclature import STAFF_TITLE
from reporting.code_labels import CodeLabels


def build_decree_tables(codes: CodeLabels) -> dict[str, dict[str, Any]]:
    """Return ministry and budget of each programme, and the thousandths of each exercise."""
    programmes = [
        (year, programme)
        for year, of_year in codes.years.items()
        for programme in of_year.programmes.values()
    ]
    limits = [(year, exercise.decrees) for year, exercise in codes.exercises.items()]
    return {
        "programme_ministry": {
            "year": [year for year, _ in programmes],
            "code": [programme.code for _, programme in programmes],
            "ministry": [programme.ministry for _, programme in programmes],
            "account": [find_account(programme) for _, programme in programmes],
        },
        "carry_rule": _build_carry_rules(codes),
        "carry_order": _build_carry_orders(codes),
        "decree_limit": {"year": [year for year, _ in limits]}
        | {name: [getattr(shares, name) for _, shares in limits] for name in DecreeLimits._fields},
    }


def _build_carry_rules(codes: CodeLabels) -> dict[str, list[Any]]:
    """Return of each programme the thousandths of its initial CP that may be carried over, and what the law says of it."""
    rows = [
        (
            year,
            programme.code,
            programme.estimated,
            programme.code in _list_programmes_without_ceiling(codes, year),
        )
        for year, of_year in codes.years.items()
        for programme in of_year.programmes.values()
    ]
    limits = {year: exercise.carry_over_limit for year, exercise in codes.exercises.items()}
    return {
        "year": [row[0] for row in rows],
        "programme": [row[1] for row in rows],
        "estimated": [row[2] for row in rows],
        "lifted": [row[3] for row in rows],
        "per_mille": [limits.get(row[0], CARRY_OVER_LIMIT) for row in rows],
    }


def _list_programmes_without_ceiling(codes: CodeLabels, year: int) -> frozenset[str]:
    later = codes.years.get(year + 1)
    return list_lifted_programmes(later.carry_overs) if later else frozenset()


def _build_carry_orders(codes: CodeLabels) -> dict[str, Any]:
    """Return what orders carry, by the year that it leaves; there may be none, so that the columns have types."""
    rows = [
        (
            year - 1,
            order,
            3 * (order.envelope == STAFF_TITLE) + codes.years[year - 1].funds[order.fund].family,
        )
        for year, of_year in codes.years.items()
        for order in of_year.carry_overs
    ]
    measures = ["cp" if order.measure is CarriedMeasure.CP else "ae" for _, order, _ in rows]
    return {
        "year": pa.array([year for year, _, _ in rows], pa.int32()),
        "programme": pa.array([order.programme for _, order, _ in rows], pa.string()),
        "new_programme": pa.array([order.new_programme for _, order, _ in rows], pa.string()),
        "sheet": pa.array([sheet for _, _, sheet in rows], pa.int64()),
        "day": pa.array([order.day for _, order, _ in rows], pa.date32()),
        "measure": pa.array(measures, pa.string()),
        "cents": pa.array([order.cents for _, order, _ in rows], pa.int64()),
    }
