"""From the last act of a year to the first of the next: what is open of a year goes on in the next (rollover, *bascule*)."""
