"""The acts that open the balances of the next year, in the flat act format."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa

from closing.carry_acts import describe_file
from closing.opening_balances import OpeningAct
from closing.steps import Step


def build_opening_table(acts: Sequence[OpeningAct], year: int, *, last_entry: int, cause: str) -> pa.Table:
    """Build the acts that open the year after ``year``; there is at least one.

    The reference names the last entry that was read, at which the balance of the year is what the openings come to.
    """
    first_day, rows = date(year + 1, 1, 1), []
    for act in acts:
        part = f".{act.part}" if act.part > 1 else ""
        common = {"reference": f"{year}.{act.accountant}.{last_entry}{part}", "fund_centre": act.fund_centre}
        common |= {"exercise": year + 1, "date": first_day}
        rows += [
            {
                **common,
                "line": number,
                "kind": line.kind,
                "account": line.account,
                "amount_cents": abs(line.cents),
                "predecessor": f"@{line.entry}" if line.entry else None,
            }
            for number, line in enumerate(act.lines, 1)
        ]
    amounts = np.array([row["amount_cents"] for row in rows], np.int64)
    table = pa.Table.from_pylist(rows)
    if table["predecessor"].type == pa.null():
        table = table.drop_columns("predecessor")
    return describe_file(table, amounts, year, step=Step.OPENING, cause=cause)
