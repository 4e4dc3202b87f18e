"""The results that ``crescendo submit --fetch`` writes: which are written, which are missing, and how to fetch those."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from service.cli.submit_options import ServiceOptions
from service.client import Client, ResultsMissing
from service.client.result_files import ResultFault, remove_problems, store_problem
from service.terminal import console


class SubmitResults:
    """The results of the files of one command; without ``--fetch`` there are none."""

    def __init__(self, service: ServiceOptions) -> None:
        self._service, self._folder = service, service.fetch
        self._paths: list[Path] = []
        self.is_incomplete = False
        """A result could not be fetched or written."""

    def fetch(self, client: Client, ticket: Mapping[str, Any], files: Sequence[Path]) -> bool:
        """Write the results of the first of ``files``; return whether the service can take those after it."""
        if not self._folder:
            return True
        try:
            remove_problems(self._folder, files[0])
            self._paths += client.fetch_results(ticket, self._folder, name=files[0].name)
        except ResultsMissing as error:
            self._report(str(error), files if error.is_unreachable else files[:1])
            return not error.is_unreachable
        return True

    def store_problem(self, file: Path, problem: Mapping[str, Any]) -> None:
        """Write why a file was refused whole."""
        if not self._folder:
            return
        try:
            self._paths.append(store_problem(self._folder, file.name, problem))
        except ResultFault as error:
            self._report(f"{file}: its problem is missing in {self._folder}. {error}", [file])

    def describe(self) -> dict[str, list[str]]:
        """Return the paths of the results for the JSON of the command."""
        return {"results": [str(path) for path in self._paths]} if self._folder else {}

    def print_paths(self) -> None:
        """Print the paths of the results."""
        for path in self._paths:
            console.print_line(f"  {path}")

    def _report(self, finding: str, files: Sequence[Path]) -> None:
        """Print which results are missing, and the command that fetches them and sends what is not sent yet."""
        self.is_incomplete = True
        command = shlex.join(self._service.build_fetch_words(files))
        console.print_error(f"{finding}. This command fetches them:\n  {command}")
