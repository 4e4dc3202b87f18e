"""``crescendo serve``: the HTTP service."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from monitoring.cut_off import CutOff
from service.auth.roles import Role, parse_roles
from service.cli.options import DEFAULT_DATA, DataOptions
from service.configuration.settings import UsageError
from service.engine import kernel_warmup, logs, process_tuning
from service.terminal import console, processing_progress, signals

if TYPE_CHECKING:
    from service.dropfolders.watcher import DropFolderRules
    from service.http.tls import Tls

_GIB = 2**30


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class ListenOptions:
    """Where the service listens, and how much it takes."""

    host: Annotated[str, Parameter(help="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Parameter(help="Port to listen on; 0 for any that is free.")] = 8000
    file_bytes_max: Annotated[int, Parameter(help="Largest file taken, in bytes.")] = 8 * _GIB
    uploads_max: Annotated[int, Parameter(help="Files on their way in at once.")] = 64
    rate: Annotated[int, Parameter(help="Requests a second that one sender may make.")] = 500
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
            help="Show /metrics to everybody, not to this machine and operators alone.",
        ),
    ] = False
    cut_off: Annotated[
        str | None,
        Parameter(
            help="When work must be done, for the clock on /metrics: 2018-12-31T18:00, or 18:00 for every day; "
            "in the time of Paris. Also CRESCENDO_CUT_OFF."
        ),
    ] = None


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class DropFolderOptions:
    """Folders in which senders leave files, as SFTP servers do."""

    drop: Annotated[
        Path | None, Parameter(help="Watch DROP/SENDER/in, beside HTTP; results go to DROP/SENDER/out.")
    ] = None
    drop_settle: Annotated[
        int, Parameter(help="Seconds that a file without signature or manifest must stand still.")
    ] = 10
    drop_unsigned: Annotated[
        list[str],
        Parameter(
            negative="",
            show_default=False,
            help=f"Take unsigned files of senders that have no signer, in this role; once or more: {', '.join(Role)}.",
        ),
    ] = field(default_factory=list)

    def to_rules(self) -> "DropFolderRules | None":
        """What is to be watched.

        Raises
        ------
        Misuse
            The folder cannot be made, or the roles exclude each other.
        """
        from service.dropfolders.watcher import DropFolderRules

        if self.drop is None:
            return None
        if not 0 <= self.drop_settle <= 86_400:
            raise UsageError("--drop-settle must be from 0 to 86,400 seconds")
        try:
            self.drop.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--drop {self.drop}: {error.strerror}. Name a folder") from error
        unsigned = parse_roles(self.drop_unsigned) if self.drop_unsigned else frozenset[Role]()
        return DropFolderRules(self.drop, self.drop_settle, unsigned)


DEFAULT_LISTEN = ListenOptions()
NO_DROP_FOLDERS = DropFolderOptions()


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class TlsOptions:
    """TLS of the service's own; without a certificate it speaks plain HTTP."""

    tls_cert: Annotated[
        Path | None, Parameter(help="The service's certificate and those below its root, PEM.")
    ] = None
    tls_key: Annotated[Path | None, Parameter(help="Its private key, PEM, without a password.")] = None
    tls_client_ca: Annotated[
        Path | None,
        Parameter(
            help="Who signs callers' certificates, PEM: nobody comes in without one that their key is bound to."
        ),
    ] = None

    def load_tls(self) -> "Tls | None":
        """What connections are made with.

        Raises
        ------
        Misuse
            One of the files is missing, or they do not belong together.
        """
        from service.http.tls import Tls, TlsFiles

        if self.tls_cert and self.tls_key:
            return Tls(TlsFiles(self.tls_cert, self.tls_key, self.tls_client_ca))
        if self.tls_cert or self.tls_key or self.tls_client_ca:
            raise UsageError("TLS needs both --tls-cert and --tls-key")
        return None


PLAIN_HTTP = TlsOptions()


def serve(
    *,
    listen: ListenOptions = DEFAULT_LISTEN,
    tls_options: TlsOptions = PLAIN_HTTP,
    drop_folders: DropFolderOptions = NO_DROP_FOLDERS,
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Take files over HTTP and from drop folders, decide and commit them, and answer for them, until Ctrl-C or SIGTERM.

    The first signal stops in good order: requests under way are answered and batches under way committed; files
    that wait are taken up at the next start. Killed in any other way, it goes on from the last commit just as well.
    SIGHUP takes certificate and key from their files anew.

    Exit codes: 0 stopped in good order; 2 wrong usage; 3 the engine cannot go on: start it again.
    """
    settings, tls = options.read_settings(cut_off=listen.cut_off), tls_options.load_tls()
    cut_off = _parse_cut_off(settings.cut_off)
    if listen.standby and not settings.database:
        raise UsageError("a standby shares a database with the engine it waits for: name it with --database")
    process_tuning.tune_process()
    logs.log_to_standard_error()
    reporter = processing_progress.create_reporter()
    from service.http.web_server import open_socket

    sock = open_socket(listen.host, listen.port)
    try:
        rules = drop_folders.to_rules()
        kernel_warmup.load_kernels(reporter)
        from service import server
        from service.engine import standby

        process_tuning.tune_service()
        at = server.ServerOptions(
            *(sock, listen.file_bytes_max, listen.uploads_max, listen.rate),
            *(listen.open_metrics, listen.standby, cut_off, tls, rules),
        )
        with suppress(standby.StandbyStopped):
            signals.run_interruptible(lambda heard: server.serve(settings, at, heard, reporter))
    finally:
        reporter.close()
        sock.close()
    console.print_note("Stopped in good order.")
    return 0


def _parse_cut_off(text: str) -> CutOff | None:
    try:
        return CutOff.parse(text) if text else None
    except ValueError as error:
        raise UsageError(str(error)) from error
