"""One trial: an input given to a reader, with bounds on time and memory, and what it shows."""

import re
import resource
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NamedTuple

from core.errors import FormatUnknown, InputError
from core.reader_failures import READER_FAILED
from tests.fuzz.readers import NO_CODES, Codes, Reader, Reading

SECONDS_MAX = 10
"""Processor time of one trial: other work on the machine does not count."""
MEMORY_GROWTH_MAX = 200 * 2**20
"""How much the peak memory of the process may grow by one input."""
_QUOTE = re.compile(r"""b?(['"]).*?(\1|$)""", re.DOTALL)
_WORD = re.compile(r"[A-Za-z]{4,}")
"""Shorter words may be codes of the input."""
_WORDS_MAX = 5


class TooSlow(BaseException):
    """A trial took too long; no reader catches this."""


class Result(NamedTuple):
    """The result of a trial."""

    refusal: str
    """The kind of refusal, without what varies from input to input; empty if the input was read."""
    fault: str
    """What no reader may do, with its traceback; empty if the trial went well."""
    codes: Codes = NO_CODES


def run_trial(reader: Reader, reading: Reading, content: bytes) -> Result:
    """Give ``content`` to a reader."""
    before = _measure_peak_memory()
    try:
        with _limit_time():
            codes = reader.read(reading, content, reader.file)
    except InputError as error:
        is_unforeseen = error.finding.startswith(READER_FAILED)
        result = Result(_describe_refusal(error), traceback.format_exc() if is_unforeseen else "")
    except (Exception, TooSlow):  # noqa: BLE001 -- whatever a reader raises is a fault
        result = Result("", traceback.format_exc())
    else:
        result = Result("", "", codes)
    growth = _measure_peak_memory() - before
    if growth > MEMORY_GROWTH_MAX and not result.fault:
        return result._replace(fault=f"The peak memory grew by {growth:,} bytes")
    return result


def _describe_refusal(error: InputError) -> str:
    if isinstance(error, FormatUnknown):  # it quotes the first bytes, which differ each time
        return FormatUnknown.__name__
    words = _WORD.findall(_QUOTE.sub("", error.finding))
    return " ".join([type(error).__name__, *words[:_WORDS_MAX]])


def _measure_peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@contextmanager
def _limit_time() -> Iterator[None]:
    def raise_too_slow(_number: int, _frame: FrameType | None) -> None:
        raise TooSlow

    former = signal.signal(signal.SIGPROF, raise_too_slow)
    signal.setitimer(signal.ITIMER_PROF, SECONDS_MAX)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, former)
