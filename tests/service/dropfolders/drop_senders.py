"""Drop folders as senders and operators use them: real files, real signatures, a real service."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.roles import Role
from service.database.embedded_server import Database
from service.dropfolders import dropfolder_queries
from service.dropfolders.dropfolder_queries import NewSigner
from tests.file_strategies import File
from tests.service.http.act_files import OPENINGS
from tests.service.http.running_service import RunningService, create_database, run_service, to_jsonl

SENDER, OTHER = "MIN-09", "MIN-12"
OFFICER = frozenset({Role.AUTHORISING_OFFICER, Role.PROGRAMME_MANAGER})


def create_key(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


MINE, NARROW, THEIRS, ENDED, OVER, EARLY, STRANGE, DIRECTORATE, READER = map(create_key, range(1, 10))
_DAY = timedelta(days=1)
_SIGNERS: Mapping[str, tuple[Ed25519PrivateKey, str, frozenset[Role], frozenset[str]]] = {
    "mine": (MINE, SENDER, OFFICER, frozenset()),
    "directorate": (DIRECTORATE, SENDER, frozenset({Role.BUDGET_DIRECTORATE}), frozenset()),
    "reader": (READER, SENDER, frozenset({Role.AUDITOR}), frozenset()),
    "narrow": (NARROW, SENDER, OFFICER, frozenset({"0217"})),
    "theirs": (THEIRS, OTHER, OFFICER, frozenset()),
    "ended": (ENDED, SENDER, OFFICER, frozenset()),
    "over": (OVER, SENDER, OFFICER, frozenset()),
    "early": (EARLY, SENDER, OFFICER, frozenset()),
}


async def register_signers(dsn: str) -> dict[str, str]:
    """Register valid and invalid signers; return their names."""
    connection = await asyncpg.connect(dsn)
    signer_ids: dict[str, str] = {}
    try:
        now = await connection.fetchval("select clock_timestamp()")
        begins = {"over": now - 2 * _DAY, "early": now + _DAY}
        for label, (pair, sender, roles, programmes) in _SIGNERS.items():
            identity = (sender, pair.public_key().public_bytes_raw(), roles, programmes)
            lifetime = _DAY if label == "over" else None
            new = NewSigner(*identity, "fr" if label == "theirs" else "en", True, begins.get(label), lifetime)
            signer_ids[label] = await dropfolder_queries.insert_signer(connection, new) or ""
        await dropfolder_queries.end_signer(connection, signer_ids["ended"], "lost")
    finally:
        await connection.close()
    return signer_ids


class SenderFolders(NamedTuple):
    """The folders of one sender."""

    base: Path

    @property
    def incoming(self) -> Path:
        return self.base / "in"

    def leave_file(
        self,
        name: str,
        content: bytes | File,
        *,
        by: Ed25519PrivateKey | None = MINE,
        manifest: Mapping[str, str] | None = None,
    ) -> None:
        """As a careful sender does: under another name first, its signature last."""
        text = content if isinstance(content, bytes) else to_jsonl(content)
        if manifest:
            (self.incoming / f"{name}.manifest.json").write_text(json.dumps(manifest))
        part = self.incoming / f"{name[:100]}.part"
        part.write_bytes(text)
        part.rename(self.incoming / name)
        if by:
            (self.incoming / f"{name}.sig").write_bytes(by.sign(text))

    def list_names(self, place: str) -> set[str]:
        return {path.name for path in (self.base / place).iterdir()}

    def list_plain_names(self, place: str) -> set[str]:
        """Names without what was put before them."""
        return {name.partition("-")[2] for name in self.list_names(place)}

    def read_result(self, name: str) -> Any:
        return json.loads((self.base / "out" / name).read_bytes())


def create_folders(root: Path, sender: str = SENDER) -> SenderFolders:
    (root / sender / "in").mkdir(parents=True, exist_ok=True)
    return SenderFolders(root / sender)


@asynccontextmanager
async def run_watching_service(dsn: str, place: Path, *words: str) -> AsyncIterator[RunningService]:
    """Run a service that watches ``place / "drop"``."""
    (place / "drop").mkdir(exist_ok=True)
    async with run_service(dsn, place / "data", "--drop", place / "drop", *words) as served:
        yield served


@asynccontextmanager
async def prepare_service(database: Database, place: Path) -> AsyncIterator[tuple[str, SenderFolders]]:
    """Prepare a database with signers, and a folder that contains a file of credits."""
    async with create_database(database) as dsn:
        await register_signers(dsn)
        folders = create_folders(place / "drop")
        folders.leave_file("credits.jsonl", OPENINGS, by=DIRECTORATE)
        yield dsn, folders


async def wait_for_log(served: RunningService, event: str, name: str, times: int = 1) -> str:
    """Wait until the service logs ``event`` for the file ``name``."""
    try:
        async with asyncio.timeout(60):
            return await served.wait_for_log(f'"event":"drop {event}"', f'"file":"{name}"', times=times)
    except TimeoutError:
        raise AssertionError("".join(served.log_lines[-20:])) from None
