"""Make the pictures of docs/live.md: ``python -m tests.service.http.browser.pictures FOLDER [ACTS]``.

A small generated year is sent to a service, with a key for each sender; one sender is then paused.
"""

import asyncio
import io
import itertools
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
from playwright.async_api import Browser, async_playwright

from bench.year.year_generator import Year, generate_year
from core.act_fields import Field
from core.reference.files import SAMPLE_FOLDER
from core.roles import Role, list_roles
from service.auth.api_keys import hash_secret
from service.database.embedded_server import run_embedded_server
from tests.databases import create_database, open_connection
from tests.external_programs import find_program
from tests.service.http.access_keys import AUDITOR, OPERATOR, SECRET, build_headers, insert_keys
from tests.service.http.browser.pages import ARGUMENTS, LivePage, expect, open_page
from tests.service.http.running_service import RunningService, run_service

PARQUET = {"content-type": "application/vnd.apache.parquet"}
ROLES = (Role.BUDGET_DIRECTORATE, Role.PROGRAMME_MANAGER, Role.ASSIGNED_ACCOUNTANT, Role.AUTHORISING_OFFICER)
"""The order in which the parts of one file are sent."""


class Picture(NamedTuple):
    """A picture: its file, the screen, and what is opened on the page."""

    name: str
    width: int
    height: int
    address: str = ""
    options: Mapping[str, Any] = {}


PICTURES = (
    Picture("live-desk", 1440, 1320),
    Picture("live-phone", 390, 844, options={"device_scale_factor": 2}),
    Picture("live-submission", 1440, 1320, "submission/3"),
    Picture("live-proof", 1280, 860, "batch/3", {"color_scheme": "dark"}),
    Picture("live-wall", 1920, 1080, options={"color_scheme": "dark"}),
)


def find_sender(file: Path) -> str:
    """Return the sender that hands in a file of the generated year."""
    return {"00-third-parties": "THIRD-PARTIES", "01-budget": "BUDGET"}.get(file.stem, file.stem[-6:])


def find_role(kind: str) -> Role:
    """Return the role that sends acts of a kind."""
    return next((role for role in list_roles(kind) if role in ROLES), Role.AUTHORISING_OFFICER)


def find_key_sender(sender: str, role: Role) -> str:
    """Return the sender of the key with which the part of a file for a role is sent: each side has senders of its own."""
    sides = {Role.BUDGET_DIRECTORATE: "DIRECTORATE", Role.ASSIGNED_ACCOUNTANT: f"{sender}-CPT"}
    return sides.get(role, sender)


def find_key(sender: str, role: Role) -> Mapping[str, str]:
    """Return the headers with the key of a sender in a role."""
    name = f"{role.value[:4]}{sender.lower().replace('-', '')[-5:]:q<8}"
    return build_headers(name.translate(str.maketrans("lo01", "kpxz")))


async def create_keys(dsn: str, senders: set[str]) -> None:
    """Create the keys of each sender."""
    async with open_connection(dsn) as connection:
        for sender, role in itertools.product(sorted(senders), ROLES):
            key = find_key(sender, role)["authorization"].split("_")[1]
            key_sender = find_key_sender(sender, role)
            await connection.execute(
                "insert into access_key (key, sender, digest, roles, programmes, label) values ($1, $2, $3, $4, '{}', '')",
                *(key, key_sender, hash_secret(SECRET), [role]),
            )


def split_file(file: Path) -> Iterator[tuple[Role, bytes]]:
    """Yield the lines of a file by the role that may send them.

    The lines of the accountant, who is another sender, name the sender of the request that they follow.
    """
    table = pq.read_table(file).replace_schema_metadata(None)
    roles = [find_role(kind) for kind in table["kind"].to_pylist()]
    for role in ROLES:
        if role in roles:
            part = io.BytesIO()
            lines = table.filter(pa.array([name is role for name in roles]))
            if role is Role.ASSIGNED_ACCOUNTANT:
                lines = name_predecessor_sender(lines, find_sender(file))
            pq.write_table(lines, part)
            yield role, part.getvalue()


def name_predecessor_sender(lines: pa.Table, sender: str) -> pa.Table:
    """Add the sender of the predecessor; who resumes a payment follows his own suspension."""
    names = [
        sender if predecessor and kind != "term_resumption" else ""
        for predecessor, kind in zip(lines["predecessor"].to_pylist(), lines["kind"].to_pylist(), strict=True)
    ]
    column = Field.PREDECESSOR_SENDER.column
    others = lines.drop_columns([column]) if column in lines.schema.names else lines
    return others.append_column(column, pa.array(names))


async def submit_files(client: httpx.AsyncClient, files: list[Path]) -> None:
    """Submit the files in their order; pause a sender before its last file."""
    for file in files:
        sender = find_sender(file)
        if file == files[-1]:
            await pause(client, sender)
        for role, content in split_file(file):
            headers = {
                **PARQUET,
                "content-disposition": f'attachment; filename="{file.name}"',
                **find_key(sender, role),
            }
            wait = 0 if file == files[-1] else 60
            response = await client.post(f"/v1/submissions?wait={wait}", content=content, headers=headers)
            assert response.status_code in {200, 202}, response.text


async def pause(client: httpx.AsyncClient, sender: str) -> None:
    """Pause a sender."""
    reason = {"reason": "nomenclature de l'an dernier"}
    response = await client.post(f"/v1/senders/{sender}/pause", json=reason, headers=OPERATOR)
    assert response.status_code < 300, response.text


async def take_pictures(browser: Browser, service: RunningService, folder: Path, locale: str) -> None:
    """Take every picture."""
    for picture in PICTURES:
        size = {"width": picture.width, "height": picture.height}
        async with open_page(
            browser, service, AUDITOR, viewport=size, locale=locale, **picture.options
        ) as live_page:
            await live_page.wait_until_live()
            await expect(live_page.page.locator("#submissions tbody tr")).not_to_have_count(0)
            await open_details(live_page, picture.address)
            await live_page.page.screenshot(path=folder / f"{picture.name}.png")


async def open_details(live_page: LivePage, address: str) -> None:
    """Open what the picture shows, if it shows details."""
    if address:
        await live_page.page.evaluate("(address) => { location.hash = address }", address)
        await expect(live_page.page.locator("#details-body table").first).to_be_visible()


async def make_pictures(folder: Path, acts: int, locale: str = "fr-FR") -> None:
    """Make all pictures in ``folder``."""
    with tempfile.TemporaryDirectory() as place:
        generate_year(Path(place) / "year", Year(1, acts, 5, ("parquet",)), lambda *_: None)
        files = sorted(Path(place, "year").glob("*.parquet"))
        async with run_embedded_server(Path(place) / "server") as database, create_database(database) as dsn:
            await insert_keys(dsn)
            await create_keys(dsn, {find_sender(file) for file in files})
            words = ("--cut-off", "18:00")
            async with (
                run_service(dsn, Path(place) / "data", *words, reference=SAMPLE_FOLDER) as service,
                service.client() as client,
                async_playwright() as player,
            ):
                await submit_files(client, files)
                chromium = await player.chromium.launch(
                    executable_path=find_program("chromium"), args=ARGUMENTS
                )
                await take_pictures(chromium, service, folder, locale)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(make_pictures(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 40_000))
