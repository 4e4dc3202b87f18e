"""The command ``crescendo``: its subcommands and exit codes.

The module of a subcommand is imported only when it is called, so that help and completion are fast.
"""

import errno
import gc
import sys
from collections.abc import Sequence
from pathlib import Path

from cyclopts import App, CycloptsError

from core.errors import CrescendoError, EngineError, NoSuchRecord, PersonNotProved
from service.configuration.settings import UsageError
from service.terminal.console import is_terminal, print_error
from service.terminal.signals import EXIT_INTERRUPTED
from service.terminal.standard_output import flush_after_failure, open_standard_output

_COLLECTION_THRESHOLDS = (200_000, 20, 20)
"""Thresholds of the garbage collector: new objects per collection, and collections per older generation.

Imports and reference data are hundreds of thousands of objects that stay, and hardly any is part of a cycle: with the
thresholds of the interpreter, collections took a quarter of the processor time of a short command.
"""
EXIT_FINDINGS = 1
EXIT_USAGE = 2
EXIT_STOPPED = 3

_COMMANDS = (
    ("run", "service.cli.run:run", "Process files of acts to the end."),
    ("demo", "service.cli.demo:demo", "Process a sample year and show the results."),
    ("generate", "service.cli.generate:app", "Generate files of acts for tests and trials."),
    ("bank", "service.cli.bank:app", "Bank files: import, match and post them; status of the accounts."),
    ("report", "service.cli.report:app", "Reports of the journal; proofs of files and batches."),
    ("explain", "service.cli.explain:explain", "The complete history of one act."),
    ("pay", "service.cli.pay:app", "Payment runs, and their files for the bank."),
    ("close", "service.cli.close:app", "The closing of a year: its plan; execute a step."),
    ("assets", "service.cli.assets:app", "Assets: the depreciation of a year."),
    ("period", "service.cli.period:app", "Months: open, closed or locked; close, reopen, lock them."),
    (
        "person",
        "service.cli.person:app",
        "Persons: their roles, delegations, agreements and logins; change them.",
    ),
    ("reference", "service.cli.reference:app", "Reference data: check, compare, load; accept changed files."),
    ("verify", "service.cli.verify:verify", "Compute all balances and hashes again from the stored rows."),
    (
        "submit",
        "service.cli.submit:submit",
        "Send files to a running service, and wait for their receipts.",
    ),
    ("top", "service.cli.top:top", "Show the live figures of a running service."),
    ("access", "service.cli.access:app", "API keys: who may send what, and until when."),
    ("analysts", "service.cli.analysts:app", "Views for analysts: who reads them; refresh them."),
    ("export", "service.cli.export:app", "Export a year to Parquet, hledger or Beancount."),
    ("db", "service.cli.db:app", "The database: its state, its migrations, its address."),
    ("bench", "service.cli.bench:app", "Benchmarks: each verifies its results before it measures the time."),
    ("serve", "service.cli.serve:serve", "The HTTP service: receives files and forms, decides, responds."),
)
_EPILOGUE = (
    "Exit codes: 0 done; 1 done, with findings or with files refused whole; 2 wrong usage; "
    "3 the engine cannot continue, but nothing is lost; 130 interrupted: run the same command again to continue."
)
_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_NOTHING_LOST = "Nothing committed is lost: start again with the same command."


def build_app(arguments: Sequence[str]) -> App:
    """Build the application with all commands, none of them imported yet.

    A help line given here would replace the command's own help, so it is only given for the overview.
    """
    is_overview = not arguments or arguments[0].startswith("-")
    app = App(
        name="crescendo",
        help="The payment and posting engine for a State's year-end.",
        help_epilogue=_EPILOGUE if is_overview else None,
        version=_read_version,
        help_formatter="default" if is_terminal(sys.stdout) else "plain",
        suppress_keyboard_interrupt=False,  # handled in run_command
    )
    for position, (name, path, line) in enumerate(_COMMANDS):
        app.command(path, name=name, help=line if is_overview else None, sort_key=position)
    return app


def _read_version() -> str:
    from service.cli.version import read_version

    return read_version()


def main() -> None:
    """Run the command line."""
    gc.set_threshold(*_COLLECTION_THRESHOLDS)
    if not open_standard_output():
        sys.exit(
            _report_error("standard output is closed: redirect it to a file or to /dev/null", EXIT_USAGE)
        )
    code = run_command(sys.argv[1:])
    flush_after_failure()
    gc.freeze()  # else the interpreter searches all objects for cycles while it ends, which takes 0.3 s after a run
    sys.exit(code)


def run_command(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code; expected errors are printed without a traceback."""
    try:
        code = build_app(arguments)(
            arguments, exit_on_error=False, print_error=False, result_action="return_value"
        )
        sys.stdout.flush()
    except CycloptsError as error:
        command = " ".join(("crescendo", *(error.command_chain or ())))
        return _report_error(f"{error}\nTry {command} --help.", EXIT_USAGE)
    except (UsageError, PersonNotProved) as error:
        return _report_error(str(error), EXIT_USAGE)
    except EngineError as error:
        return _report_error(f"{error}\n{_NOTHING_LOST}", EXIT_STOPPED)
    except NoSuchRecord as error:
        return _report_error(str(error), EXIT_FINDINGS)
    except CrescendoError as error:
        return _report_error(str(error), EXIT_STOPPED)
    except OSError as error:
        if error.filename is None and error.errno not in _DISK_FULL:
            raise
        return _report_error(_describe_os_error(error), EXIT_STOPPED)
    except KeyboardInterrupt:
        return _report_error(
            "interrupted; run the same command again: it continues from the last commit", EXIT_INTERRUPTED
        )
    return code or 0


def _describe_os_error(error: OSError) -> str:
    if error.errno in _DISK_FULL:
        return f"{error.filename or 'a file'}: {error.strerror}. Make room on its disk.\n{_NOTHING_LOST}"
    if isinstance(error, PermissionError):
        from service.configuration.file_owners import describe_denial

        return describe_denial(Path(error.filename))
    return f"{error.filename}: {error.strerror}"


def _report_error(text: str, code: int) -> int:
    print_error(text)
    return code
