"""Commands that the output offers: they can be pasted into a shell as they stand."""

import shlex
from collections.abc import Sequence

from service.configuration.settings import Settings
from service.terminal.program_name import find_program


def format_command(words: Sequence[str], settings: Settings) -> str:
    """Return a command on the ledger of ``settings``; the address of a database, which may have a password, is left out."""
    place = [] if settings.database else ["--data", str(settings.data)]
    return shlex.join([find_program(), *words, *place])
