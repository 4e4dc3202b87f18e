"""What is still owed: what was posted, less what was taken up of it since."""

from core.tables.columns import Money
from core.tables.journal import Flags
from core.tables.payment_runs import Payables
from kernels.jit import as_position, fills_column, kernel, reads


@kernel(reads(Payables), reads(Flags), fills_column(Money))
def sum_taken_up(rows, takes, taken):
    """Add up, by the entry that is followed, what was taken up of it.

    Reads     rows            n entries
              takes           by kind: whether it takes up what its predecessor left open
    Advances  taken           cents by entry
    Order     rows are independent
    Outcomes  none; never raises
    Overflow  impossible: no more is taken up of an entry than its amount
    Cost      O(n), one pass
    Source    domain 3.4, rows 6 to 16
    Oracle    tests.oracle.open_amounts.sum_taken_up
    """
    kind, predecessor, amount = rows.kind, rows.predecessor, rows.amount
    for row in range(kind.size):
        if takes.flag[kind[row]]:
            taken[as_position(predecessor[row])] += amount[row]
