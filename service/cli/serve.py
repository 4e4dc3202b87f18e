"""``crescendo serve``: the HTTP service."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from core.roles import Role
from monitoring.cut_off import CutOff
from service.auth.roles import parse_roles
from service.cli.number_limits import CONCURRENT_UPLOADS, FILE_BYTES, REQUEST_RATE
from service.cli.shared_options import DEFAULT_DATA, DataOptions, ExistingOption
from service.configuration.settings import Settings, UsageError
from service.database.ledger_selection import LedgerCreation, check_folder, permit_creation
from service.engine import kernel_warmup, logs, process_tuning
from service.terminal import console, processing_progress, signals

if TYPE_CHECKING:
    from service.dropfolders.watcher import DropFolderRules
    from service.http.tls import Tls

_GIB = 2**30


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class ListenOptions:
    """Where the service listens, and its limits."""

    host: Annotated[str, Parameter(help="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Parameter(help="Port to listen on; 0 for any free port.")] = 8000
    insecure: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Serve plain HTTP to other machines: only behind a proxy that ends TLS. Without TLS, the service "
            "otherwise listens on this machine alone.",
        ),
    ] = False
    file_bytes_max: Annotated[
        int, Parameter(help="Maximum size of a file, in bytes.", validator=FILE_BYTES)
    ] = 8 * _GIB
    uploads_max: Annotated[
        int, Parameter(help="Maximum number of simultaneous uploads.", validator=CONCURRENT_UPLOADS)
    ] = 64
    rate: Annotated[
        int, Parameter(help="Requests per second that one sender may make.", validator=REQUEST_RATE)
    ] = 500
    existing: ExistingOption = False
    standby: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Wait until no other engine works on the database of --database, then take over.",
        ),
    ] = False
    open_metrics: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Show /metrics to everyone, not only to this machine and operators.",
        ),
    ] = False
    cut_off: Annotated[
        str | None,
        Parameter(
            help="Cut-off time, which /metrics shows as a countdown: 2018-12-31T18:00, or 18:00 for every day; in Paris time. "
            "Also CRESCENDO_CUT_OFF."
        ),
    ] = None


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class DropFolderOptions:
    """Drop folders, in which SFTP servers store the files of senders."""

    drop: Annotated[
        Path | None,
        Parameter(
            help="Also watch DROP/SENDER/in for files; results go to DROP/SENDER/out. The folder must exist."
        ),
    ] = None
    drop_settle: Annotated[
        int,
        Parameter(
            help="Seconds for which a file without signature or manifest must stay unchanged before it is taken."
        ),
    ] = 10
    drop_unsigned: Annotated[
        list[str],
        Parameter(
            negative="",
            show_default=False,
            help="Roles with which unsigned files of senders without a signer are accepted; one or more of: "
            f"{', '.join(Role)}.",
        ),
    ] = field(default_factory=list)

    def to_rules(self) -> "DropFolderRules | None":
        """Return the rules of the drop folders, or None if none is watched.

        Raises
        ------
        UsageError
            The folder does not exist, or the roles exclude each other.
        """
        from service.dropfolders.watcher import DropFolderRules

        if self.drop is None:
            return None
        if not 0 <= self.drop_settle <= 86_400:
            raise UsageError("--drop-settle must be from 0 to 86,400 seconds")
        if not self.drop.exists():
            raise UsageError(
                f"--drop {self.drop}: there is no such folder. Check its name, or create it: mkdir -p {self.drop}"
            )
        if not self.drop.is_dir():
            raise UsageError(
                f"--drop {self.drop}: it is a file. Name the folder that contains the senders' folders"
            )
        unsigned = parse_roles(self.drop_unsigned) if self.drop_unsigned else frozenset[Role]()
        return DropFolderRules(self.drop, self.drop_settle, unsigned)


DEFAULT_LISTEN = ListenOptions()
NO_DROP_FOLDERS = DropFolderOptions()


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class TlsOptions:
    """TLS of the service; without a certificate it uses plain HTTP."""

    tls_cert: Annotated[
        Path | None,
        Parameter(help="Certificate of the service and its intermediate certificates (PEM)."),
    ] = None
    tls_key: Annotated[
        Path | None, Parameter(help="Private key of the service (PEM), without a password.")
    ] = None
    tls_client_ca: Annotated[
        Path | None,
        Parameter(
            help="Certificate authority (PEM) of client certificates: each client must present one, to which "
            "its API key is bound."
        ),
    ] = None

    def load_tls(self) -> "Tls | None":
        """Return the TLS settings, or None for plain HTTP.

        Raises
        ------
        UsageError
            One of the files is missing, or they do not belong together.
        """
        from service.http.tls import Tls, TlsFiles

        if self.tls_cert and self.tls_key:
            return Tls(TlsFiles(self.tls_cert, self.tls_key, self.tls_client_ca))
        if self.tls_cert or self.tls_key or self.tls_client_ca:
            raise UsageError("TLS needs a certificate and its key: give both --tls-cert and --tls-key")
        return None


PLAIN_HTTP = TlsOptions()


def serve(
    *,
    listen: ListenOptions = DEFAULT_LISTEN,
    tls_options: TlsOptions = PLAIN_HTTP,
    drop_folders: DropFolderOptions = NO_DROP_FOLDERS,
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Receive files over HTTP and from drop folders, decide and commit them, and report results, until Ctrl-C or SIGTERM.

    A ledger is created if there is none. The first signal stops the service in good order: current requests are answered
    and current batches are committed; waiting files are processed after the next start. If the service is killed, the
    next start also continues from the last commit. SIGHUP reloads certificate and key from their files.

    Exit codes: 0 stopped in good order; 2 wrong usage; 3 the engine cannot continue: start it again.
    """
    settings, tls = options.read_settings(cut_off=listen.cut_off), tls_options.load_tls()
    cut_off = _parse_cut_off(settings.cut_off)
    if listen.standby and not settings.database:
        raise UsageError(
            "--standby needs --database: give the database of the engine that this service waits for"
        )
    creation = permit_creation(settings, console.print_note, requires_existing=listen.existing)
    process_tuning.tune_process()
    logs.log_to_standard_error()
    reporter = processing_progress.create_reporter()
    from service.http.web_server import open_socket

    sock = open_socket(listen.host, listen.port)
    try:
        if tls is None and not listen.insecure:
            _check_loopback(sock.getsockname()[0])
        rules = drop_folders.to_rules()
        if not listen.standby:
            _check_ledger(settings, creation)
        kernel_warmup.load_kernels(reporter, is_service=True)
        from service import server
        from service.engine import standby

        process_tuning.tune_service()
        server_options = server.ServerOptions(
            *(sock, listen.file_bytes_max, listen.uploads_max, listen.rate),
            *(listen.open_metrics, listen.standby, cut_off, tls, rules, creation),
        )
        with suppress(standby.StandbyStopped):
            signals.run_interruptible(
                lambda interruption: server.serve(settings, server_options, interruption, reporter=reporter)
            )
    finally:
        reporter.close()
        sock.close()
    console.print_note("Stopped in good order.")
    return 0


def _check_loopback(address: str) -> None:
    """Check that an address is reached from this machine alone.

    Raises
    ------
    UsageError
        Other machines reach it: keys and acts would cross the network as plain text.
    """
    if not ip_address(address.partition("%")[0]).is_loopback:
        raise UsageError(
            f"{address} is reached by other machines, and without TLS keys and acts cross the network as plain text:"
            " give --tls-cert and --tls-key, or --insecure behind a proxy that ends TLS, or --host 127.0.0.1"
        )


def _check_ledger(settings: Settings, creation: LedgerCreation | None) -> None:
    """Check which ledger there is before anything is loaded, so that a wrong one is refused or announced first."""
    from service.database.ledger_updates import check_given_ledger

    check_folder(settings, creation)
    if settings.database:
        asyncio.run(check_given_ledger(settings, creation))


def _parse_cut_off(text: str) -> CutOff | None:
    try:
        return CutOff.parse(text) if text else None
    except ValueError as error:
        raise UsageError(str(error)) from error
