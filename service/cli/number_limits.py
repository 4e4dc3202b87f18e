"""Limits of the numbers on a command line, checked before a command begins."""

from typing import Any

from cyclopts.validators import Number

from core.periods import PERIODS_PER_YEAR, YEAR_FIRST, YEAR_LAST

_INT32_MAX, _BATCH_MAX = 2**31 - 1, 10**18 - 1

AMOUNT_OF_ITEMS: Any = Number(gte=0, lte=_INT32_MAX)
AMOUNT_OF_WORK: Any = Number(gte=1, lte=_INT32_MAX)
NUMBER_OF_A_ROW: Any = Number(gte=1, lte=_INT32_MAX)
"""The number of a submission, a run or a line."""
NUMBER_OF_A_BATCH: Any = Number(gte=0, lte=_BATCH_MAX)
NUMBER_OF_AN_ENTRY: Any = Number(gte=1, lte=_BATCH_MAX)
NUMBER_OF_A_YEAR: Any = Number(gte=YEAR_FIRST, lte=YEAR_LAST)
NUMBER_OF_A_MONTH: Any = Number(gte=1, lte=PERIODS_PER_YEAR - 1)
"""A month of an exercise, those of closing entries included."""
FILE_BYTES: Any = Number(gte=1, lte=2**50)
CONCURRENT_UPLOADS: Any = Number(gte=1, lte=10_000)
REQUEST_RATE: Any = Number(gte=1, lte=1_000_000)
SEED: Any = Number(gte=0, lte=_INT32_MAX)
SHARE_OF_TRANSFERS: Any = Number(gte=0, lte=100_000)
