"""The command ``crescendo``: which commands there are, and what their endings mean.

A command's module is imported when it is called, so that help and completion come at once.
"""

import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from core.errors import CrescendoError, EngineError
from service.configuration.settings import UsageError
from service.terminal.console import is_terminal, print_error
from service.terminal.signals import EXIT_INTERRUPTED

EXIT_USAGE = 2
EXIT_STOPPED = 3

_COMMANDS = (
    ("run", "service.cli.run:run", "Process files of acts to the end."),
    ("demo", "service.cli.demo:demo", "Process a sample year and show what comes of it."),
    ("generate", "service.cli.generate:app", "Make files of acts to try things on."),
    ("bank", "service.cli.bank:app", "The bank's answers taken in; how its accounts stand."),
    ("report", "service.cli.report:app", "Trial balance, budget execution, refusals."),
    ("explain", "service.cli.explain:explain", "The whole life of one act."),
    ("pay", "service.cli.pay:app", "Payment runs, and their files for the bank."),
    ("verify", "service.cli.verify:verify", "Prove journal, balances and chain from the raw rows."),
    (
        "submit",
        "service.cli.submit:submit",
        "Send files to a running service, and wait for their receipts.",
    ),
    ("top", "service.cli.top:top", "What a running service does: the figures of its live page."),
    ("access", "service.cli.access:app", "Keys: who may send what, and whose end it is."),
    ("db", "service.cli.db:app", "The database: its state, its migrations, its address."),
    ("bench", "service.cli.bench:app", "Benchmarks that verify before they time."),
    ("serve", "service.cli.serve:serve", "The HTTP service: takes files, decides, answers for them."),
)
_EPILOGUE = (
    "Exit codes: 0 done; 1 done, with findings or with files refused whole; 2 wrong usage; "
    "3 the engine cannot go on, nothing is lost; 130 interrupted, the same command goes on."
)
_NOTHING_LOST = "Nothing committed is lost: start again with the same command."


def build_app(words: Sequence[str]) -> App:
    """The commands, none of them imported yet.

    A line of help given here would stand in for a command's own, so it is given to the overview alone.
    """
    is_overview = not words or words[0].startswith("-")
    app = App(
        name="crescendo",
        help="The payment and posting engine for a State's year-end.",
        help_epilogue=_EPILOGUE if is_overview else None,
        help_formatter="default" if is_terminal(sys.stdout) else "plain",
        suppress_keyboard_interrupt=False,  # it is told below what that means
    )
    for order, (name, path, line) in enumerate(_COMMANDS):
        app.command(path, name=name, help=line if is_overview else None, sort_key=order)
    return app


def main() -> None:
    """Run the command line."""
    sys.exit(run_command(sys.argv[1:]))


def run_command(words: Sequence[str]) -> int:
    """Run a command; its exit code.  What is expected to go wrong is told without a traceback."""
    try:
        code = build_app(words)(words, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError as error:
        return _report_error(f"{error}\nTry crescendo --help.", EXIT_USAGE)
    except UsageError as error:
        return _report_error(str(error), EXIT_USAGE)
    except EngineError as error:
        return _report_error(
            f"{error}\nNothing committed is lost: start again with the same command.", EXIT_STOPPED
        )
    except CrescendoError as error:
        return _report_error(str(error), EXIT_STOPPED)
    except BrokenPipeError:
        # whoever read us has enough; the interpreter must not fail again when it closes the stream
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.filename is None:
            raise
        return _report_error(f"{error.filename}: {error.strerror}", EXIT_STOPPED)
    except KeyboardInterrupt:
        return _report_error("interrupted; the same command goes on from the last commit", EXIT_INTERRUPTED)
    return code or 0


def _report_error(text: str, code: int) -> int:
    print_error(text)
    return code
