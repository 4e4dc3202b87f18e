"""The options of ``crescendo submit``: the service to which files are sent, and how."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from service.cli.shared_options import (
    AgainOption,
    AtomicOption,
    CharsetOption,
    ExtraColumnsOption,
)
from service.configuration.input_files import check_result_folder
from service.configuration.settings import UsageError

KEY_VARIABLE = "CRESCENDO_KEY"
_DEFAULT_URL = "http://127.0.0.1:8000"
_TRIES = " is tried "
"""What the first report of a retry says of the address."""


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """The service to which files are sent, and how."""

    url: Annotated[str, Parameter(help="Address of the service.")] = _DEFAULT_URL
    key: Annotated[
        str,
        Parameter(
            show_default=False,
            env_var=KEY_VARIABLE,
            help=f"API key; {KEY_VARIABLE} keeps it out of the process list.",
        ),
    ] = ""
    again: AgainOption = False
    atomic: AtomicOption = False
    charset: CharsetOption = ""
    extra_columns: ExtraColumnsOption = False
    dry_run: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Show how each file would be decided now, and store nothing; up to 50,000 lines, 64 MiB.",
        ),
    ] = False
    language: Annotated[
        Literal["en", "fr"] | None,
        Parameter(
            show_default=False,
            help="Language of the texts of the service and of the fetched results. Default: that of the locale, if it is "
            "French, else English.",
        ),
    ] = None
    fetch: Annotated[
        Path | None,
        Parameter(
            help="Write the receipt, the refused lines (CSV) and the pain.002 of each file into this folder.",
        ),
    ] = None
    ca: Annotated[
        Path | None,
        Parameter(help="Trusted certificate authorities (PEM); default: those of this machine."),
    ] = None
    cert: Annotated[Path | None, Parameter(help="Client certificate (PEM), if the service requires one.")] = (
        None
    )
    client_key: Annotated[Path | None, Parameter(help="Private key of the client certificate (PEM).")] = None

    def check(self) -> None:
        """Check options that exclude each other, the key, and the folder for results.

        Raises
        ------
        UsageError
            A check fails; nothing was sent.
        """
        if self.dry_run and (self.again or self.fetch):
            option = "process --again" if self.again else "--fetch"
            raise UsageError(
                f"--dry-run stores nothing, so there is nothing to {option}: use only one of them"
            )
        if not self.key:
            raise UsageError(
                f"an API key is needed: give it with --key or {KEY_VARIABLE}; crescendo access create makes one"
            )
        if self.fetch:
            check_result_folder("--fetch", self.fetch)

    def describe_retry(self, text: str) -> str:
        """Return the report of a retry; the first names the option of the address if no address was given."""
        is_unnamed = self.url == _DEFAULT_URL and _TRIES in text
        return (
            f"{text}. If your service has another address, stop this command and name it with --url"
            if is_unnamed
            else text
        )

    def build_fetch_words(self, files: Sequence[Path]) -> list[str]:
        """Return the words of the command that sends files and fetches their results, without key and ``--again``."""
        words = ["crescendo", "submit", *map(str, files), "--fetch", str(self.fetch)]
        if self.url != _DEFAULT_URL:
            words += ["--url", self.url]
        flags = {"--atomic": self.atomic, "--extra-columns": self.extra_columns}
        values = {
            "--charset": self.charset,
            "--language": self.language,
            "--ca": self.ca,
            "--cert": self.cert,
            "--client-key": self.client_key,
        }
        words += [flag for flag, is_set in flags.items() if is_set]
        return [*words, *(word for flag, value in values.items() if value for word in (flag, str(value)))]


DEFAULT_SERVICE = ServiceOptions()
