"""Open amounts: what was posted, less what later entries took up."""

from core.tables.columns import Money
from core.tables.journal import Flags
from core.tables.payment_runs import Payables
from kernels.jit import as_position, fills_column, kernel, reads


@kernel(reads(Payables), reads(Flags), fills_column(Money))
def sum_taken_up(rows, takes_up, cents):
    """Add up, by entry, the amounts that later entries took up of it.

    Reads     rows            n entries
              takes_up        by kind: whether it takes_up up the open amount of its predecessor
    Advances  cents           by entry
    Order     rows are independent
    Outcomes  none; never raises
    Overflow  impossible: an entry's amount bounds what is taken up of it
    Cost      O(n), one pass
    Source    docs/rules.md (entries of settlements)
    Oracle    tests.oracle.open_amounts.sum_taken_up
    """
    kind, predecessor, amount = rows.kind, rows.predecessor, rows.amount
    for row in range(kind.size):
        if takes_up.flag[kind[row]]:
            cents[as_position(predecessor[row])] += amount[row]
