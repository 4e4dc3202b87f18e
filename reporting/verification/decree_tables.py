"""The tables of what decrees may do: the programmes of each year, and the limits of decrees."""

from typing import Any

from core.calendar import DecreeLimits
from core.decrees import find_account
from reporting.code_labels import CodeLabels


def build_decree_tables(codes: CodeLabels) -> dict[str, dict[str, list[Any]]]:
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
        "decree_limit": {"year": [year for year, _ in limits]}
        | {name: [getattr(shares, name) for _, shares in limits] for name in DecreeLimits._fields},
    }
