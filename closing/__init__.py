"""From the last act of a year to the first of the next: periods, the year-end plan, carry-over, opening balances."""
