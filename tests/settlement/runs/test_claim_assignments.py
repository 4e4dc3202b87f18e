"""Where late interest is charged in a later year: on the programmes that follow those of the requests by orders."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from core import nomenclature_years
from settlement.late_interest.claim_acts import Assignments, move_assignments
from tests.succession_years import cut_programme_anew, write_successions


def test_claims_of_a_later_year_go_where_orders_lead(tmp_path: Path) -> None:
    """A request of the year of the claim stays where it is, as do those of a programme that no order names."""
    reference = cut_programme_anew(tmp_path)
    write_successions(reference, "0177,,,,0135,,Order,2019-01-02")
    years = nomenclature_years.load_years(reference, (2018, 2019))
    centres = ["0177-D013-DD13", "0217-SGAC-ASPR", "0135-D013-DD13", "0177-D013-DD13"]
    areas = [f"{centre[:4]}-{'07' if centre.startswith('0217') else '12'}" for centre in centres]
    of_requests = Assignments(
        centre=pa.array(centres),
        area=pa.array(areas),
        item=pa.array(["31"] * 4),
        has_operation=np.zeros(4, bool),
        has_fund=np.zeros(4, bool),
        year=np.array([2018, 2018, 2019, 2018]),
    )
    moved = move_assignments(of_requests, 2019, years)
    assert moved.centre.to_pylist() == [
        "0135-D013-DD13",
        "0217-SGAC-ASPR",
        "0135-D013-DD13",
        "0135-D013-DD13",
    ]
    assert moved.area.to_pylist() == ["0135-12", "0217-07", "0135-12", "0135-12"]
    assert move_assignments(of_requests, 2018, years).centre.to_pylist() == centres
