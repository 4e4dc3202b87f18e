"""The days and limits of each budget year, as the decisions read them."""

from typing import NamedTuple

from core.tables.columns import Day, Index, Small


class BudgetYears(NamedTuple):
    """The days of each budget year, from ``core.periods.YEAR_FIRST``; ``core.budget_years`` fills them."""

    first_day: Day
    last_day: Day
    anticipation_from: Day
    """The first day of the year before on which its AE may be committed in advance."""
    last_order_day: Day
    """The last day on which a payment is ordered; ``last_day`` where the calendar sets none."""
    window_from: Day
    """The first day of the orders that may be paid after ``last_day``."""
    last_payment_day: Day
    """The last day of the complementary period; ``last_day`` where it is closed."""
    first_node: Index
    """The row in ``Book.nodes`` at which the nodes of the year begin: a fund centre has the same place in every year."""
    virement_limit: Small
    """Thousandths of what the first finance law opened that moves by decree may reach, at each programme and its title 2."""
    advance_limit: Small
    """Thousandths of the same that decrees of advance may open."""
    cancellation_limit: Small
    """Thousandths of what finance laws opened that decrees may cancel."""
    carry_over_limit: Small
    """Thousandths of the initial CP that orders may carry into the next year, of title 2 and of the other titles."""
    retention_limit: Small
    """Thousandths of a request that may be retained as a guarantee."""
    visa_days: Small
    """The days that the budget controller has for a visa."""
