"""A payment run and its bank statement in the midst of a load: requested over HTTP, and done beside the senders."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from bench.load.http_connections import Address
from bench.load.task_client import TASK_SECONDS_MAX, TaskClient
from bench.payments import payable_requests
from bench.payments.payable_requests import Size
from posting.book.registry import ReferenceData

_AT = "2018-12-03T10:00:00+01:00"
_UNTIL = "2018-12-31"
_COMMAND = ("nice", "-n", "19", sys.executable, "-c", "from service.cli.main import main; main()")


class PayingService(NamedTuple):
    """The service that pays: its address, its data folder and database, and the keys of two accountants."""

    address: Address
    data: Path
    dsn: str
    tokens: Sequence[str]


@dataclass(slots=True)
class PaymentLoadFigures:
    """The seconds of the issue and of the import, each from its request to its end."""

    requests: int
    issue_seconds: float = 0.0
    import_seconds: float = 0.0
    statements: int = 0

    @property
    def issued_a_second(self) -> int:
        """Payments issued a second, payment files included."""
        return round(self.requests / self.issue_seconds)

    @property
    def imported_a_second(self) -> int:
        """Debits matched and posted a second."""
        return round(self.requests / self.import_seconds)


class PaymentLoad:
    """Pays requests while forms and files are sent."""

    def __init__(
        self, service: PayingService, requests: int, *, report_progress: Callable[[str], None]
    ) -> None:
        self._service, self._requests, self._report_progress = service, requests, report_progress
        self._tasks = TaskClient(service.address, service.tokens)
        self._run = 0

    def prepare(self) -> None:
        """Have the requests decided, and a run that pays all of them proposed and released.

        Raises
        ------
        RuntimeError
            Something was refused.
        """
        self._report_progress(f"processing {self._requests:,} payable requests")
        with tempfile.TemporaryDirectory(prefix="crescendo-payments-") as folder:
            files = payable_requests.write_files(Path(folder), Size(self._requests), ReferenceData.load())
            result = self._run_command("run", *map(str, files.paths))
        if result["reasons"] or result["rejected"]:
            raise RuntimeError(f"requests were refused: {result['reasons']} {result['rejected']}")
        self._report_progress("proposing and releasing a payment run")
        run = self._tasks.perform("/v1/payment-runs", {"until": _UNTIL, "at": _AT}, by=0)["result"]
        self._run = run["run"]
        if run["lines"] != self._requests:
            raise RuntimeError(f"the run pays {run['lines']:,} of {self._requests:,} requests")
        self._tasks.perform(f"/v1/payment-runs/{self._run}/release", {}, by=1)

    def pay(self) -> PaymentLoadFigures:
        """Issue the run, and import the statements of the simulated bank.

        Raises
        ------
        RuntimeError
            A payment was not accepted or not debited, or books and bank differ.
        """
        figures, start = PaymentLoadFigures(self._requests), time.monotonic()
        issued = self._tasks.perform(f"/v1/payment-runs/{self._run}/issue", {"at": _AT}, by=0)["result"]
        figures.issue_seconds = time.monotonic() - start
        if (issued["paid"], issued["refused"]) != (self._requests, 0):
            raise RuntimeError(f"{issued['paid']:,} payments were accepted, {issued['refused']:,} refused")
        with tempfile.TemporaryDirectory(prefix="crescendo-answers-") as folder:
            for path in self._simulate_bank(Path(folder)):
                figures.import_seconds += self._import_statement(path)
                figures.statements += 1
        status = self._run_command("bank", "status", sends_files=False)
        if not status["agrees"]:
            raise RuntimeError("books and bank differ after the import")
        return figures

    def _simulate_bank(self, folder: Path) -> list[Path]:
        """Write the statements of a bank that debits every transfer."""
        outbox = self._service.data / "outbox" / f"{self._run:08}"
        files = sorted(map(str, outbox.glob("*.xml")))
        subprocess.run(
            [*_COMMAND, "generate", "answers", *files, "--out", str(folder), "--back", "0"],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=TASK_SECONDS_MAX,
        )
        return sorted(folder.glob("*camt*.xml")) or sorted(folder.glob("*.xml"))

    def _import_statement(self, path: Path) -> float:
        start = time.monotonic()
        task = self._tasks.perform("/v1/bank/messages", path.read_bytes(), by=0, query="&interest=false")
        (message,) = task["result"]["messages"]
        if message["unmatched"] or message["refused"]:
            raise RuntimeError(f"{path.name}: {message['unmatched']:,} movements without a match")
        return time.monotonic() - start

    def _run_command(self, *words: str, sends_files: bool = True) -> dict[str, Any]:
        options = ["--data", str(self._service.data), "--database", self._service.dsn, "--json"]
        ended = subprocess.run(
            [*_COMMAND, *words, *options], capture_output=True, check=False, timeout=TASK_SECONDS_MAX
        )
        if ended.returncode and (sends_files or not ended.stdout):
            raise RuntimeError(
                f"crescendo {words[0]} ended with {ended.returncode}: {ended.stderr.decode()[-500:]}"
            )
        return json.loads(ended.stdout)
