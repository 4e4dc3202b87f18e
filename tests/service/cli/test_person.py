"""The commands on persons: who is added, who has which role where, who acts for whom, and what is refused."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.file_strategies import REFERENCE
from tests.posting.loaded_engines import process_rows
from tests.reporting.journals import BUDGET
from tests.service.command_line import ROOT, CommandResult, run_crescendo

_BY = ("--as", "Claire", "--reason", "Prise de fonctions")
_JANUARY = ("--from", "2018-01-01")
_HEADER = (
    "type,code,name,person,role,hand,centre,first_day,last_day,ceiling,"
    "number,owner,delegate,centres,sender,kinds,separation"
)


class Ledger:
    """A ledger with credits, and the commands on it."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.dsn, self.folder = dsn, folder

    async def run(self, *words: str | Path) -> CommandResult:
        place = ("--database", self.dsn, "--data", self.folder)
        environment = {"CRESCENDO_REFERENCE": str(REFERENCE)}
        return await run_crescendo("person", *words, *place, environment=environment)

    async def change(self, *words: str | Path) -> CommandResult:
        return await self.run(*words, *_BY)

    async def list(self) -> dict[str, list[dict[str, Any]]]:
        return json.loads((await self.run("list", "--json")).out)

    async def load(self, *lines: str) -> CommandResult:
        path = self.folder / "persons.csv"
        path.write_text("\n".join([_HEADER, *lines]) + "\n")
        return await self.change("load", path)


@pytest_asyncio.fixture
async def ledger(dsn: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    await process_rows(dsn, tmp_path, REFERENCE, BUDGET, "TREASURY")
    yield Ledger(dsn, tmp_path)


async def test_partners_do_not_order_and_account(ledger: Ledger) -> None:
    loaded = await ledger.load("add,amartin,Alice Martin" + "," * 14, "add,bpetit,Bruno Petit" + "," * 14)
    assert loaded.code == 0, loaded
    officer = ("grant", "amartin", "authorising_officer", "--hand", "both", *_JANUARY)
    assert (await ledger.change(*officer)).code == 0
    coupled = await ledger.change("couple", "amartin", "bpetit", *_JANUARY, "--to", "2018-12-31")
    assert (coupled.code, coupled.out) == (0, "Change 3 with 1 entry holds from the next batch on.\n")
    accountant = ("grant", "bpetit", "assigned_accountant", "--hand", "both", *_JANUARY)
    refused = await ledger.change(*accountant)
    assert refused.code == 1
    assert "by couple 1, from 2018-01-01 to 2018-12-31, the person is spouse or partner of who" in refused.out
    assert (await ledger.change("end", "couple", "1", "--on", "2018-01-01")).code == 0
    later = ("grant", "bpetit", "assigned_accountant", "--hand", "both", "--from", "2018-01-02")
    assert (await ledger.change(*later)).code == 0
    (couple,) = (await ledger.list())["couples"]
    assert (couple["person"], couple["partner"], couple["last_day"]) == ("amartin", "bpetit", "2018-01-01")
    tables = await ledger.run("list")
    assert [word for word in ("Couples", "couple 1", "end of couple 1") if word not in tables.out] == []


async def test_a_person_has_a_role_delegates_it_and_both_end(ledger: Ledger) -> None:
    added = await ledger.change("add", "amartin", "--name", "Alice Martin")
    assert (added.code, added.out) == (0, "Change 1 with 1 entry holds from the next batch on.\n")
    assert (await ledger.change("add", "bpetit", "--name", "Bruno Petit")).code == 0
    place = ("--hand", "validation", "--centre", "0217-SGAC")
    granted = await ledger.change(
        "grant", "amartin", "authorising_officer", *place, *_JANUARY, "--ceiling", "5000.50"
    )
    assert granted.code == 0, granted
    persons = ("--owner", "amartin", "--delegate", "bpetit", "--role", "authorising_officer")
    delegated = await ledger.change("delegate", "D-1", *persons, *_JANUARY, "--to", "2018-12-31")
    assert delegated.code == 0, delegated
    assert (await ledger.change("end", "role", "1", "--on", "2018-06-30")).code == 0
    assert (await ledger.change("end", "delegation", "D-1", "--on", "2018-06-29")).code == 0
    listing = await ledger.list()
    (role,), (delegation,) = listing["roles"], listing["delegations"]
    assert (role["person"], role["hand"], role["centre"]) == ("amartin", "validation", "0217-SGAC")
    assert (role["last_day"], role["ceiling_cents"]) == ("2018-06-30", 500_050)
    assert (delegation["delegate"], delegation["centres"], delegation["last_day"]) == (
        *("bpetit", ["*"]),
        "2018-06-29",
    )
    assert [change["what"] for change in listing["changes"][:2]] == [
        ["end of delegation D-1"],
        ["end of role 1"],
    ]
    assert {change["by"] for change in listing["changes"]} == {"Claire"}
    tables = await ledger.run("list")
    assert tables.code == 0
    words = (
        "Alice Martin",
        "authorising_officer",
        "5,000.50",
        "2018-06-29",
        "Prise de fonctions",
        "person bpetit",
    )
    assert [word for word in words if word not in tables.out] == []


async def test_an_agreement_of_a_sender(ledger: Ledger) -> None:
    text = ("--separation", "Deux identifiants, contrôlés par l'application")
    kinds = ("--sender", "MIN-09", "--kind", "commitment", "--kind", "service")
    assert (await ledger.change("agree", "A-1", *kinds, *text, *_JANUARY)).code == 0
    (agreement,) = (await ledger.list())["agreements"]
    assert (agreement["sender"], agreement["kinds"]) == ("MIN-09", ["commitment", "service"])
    assert (await ledger.change("end", "agreement", "A-1", "--on", "2018-03-31")).code == 0
    later = await ledger.change("end", "agreement", "A-1", "--on", "2018-04-30")
    assert (later.code, "agreement A-1 has 2018-03-31 as its last day" in later.out) == (1, True)
    assert "A-1" in (await ledger.run("list")).out


async def test_nobody_orders_and_accounts(ledger: Ledger) -> None:
    await ledger.change("add", "amartin", "--name", "Alice Martin")
    both = ("--hand", "both", *_JANUARY)
    assert (await ledger.change("grant", "amartin", "authorising_officer", *both)).code == 0
    refused = await ledger.change("grant", "amartin", "assigned_accountant", *both, "--accountant", "PACA")
    assert refused.code == 1
    assert "nobody is authorising_officer and assigned_accountant on the same days" in refused.out
    assert len((await ledger.list())["roles"]) == 1


async def test_what_is_missing_or_not_valid_changes_nothing(ledger: Ledger) -> None:
    both = ("--hand", "both", *_JANUARY)
    for code, message, words in (
        (1, "no person zoe: add the person first", ("grant", "zoe", "auditor", *both)),
        (1, "no role 7", ("end", "role", "7", "--on", "2018-01-01")),
        (2, "'chief' is not a role: state one of", ("grant", "zoe", "chief", *both)),
        (2, "last day 2017-01-01 is before", ("grant", "zoe", "auditor", *both, "--to", "2017-01-01")),
        (2, "Invalid RFC3339", ("grant", "zoe", "auditor", "--hand", "both", "--from", "yesterday")),
        (2, "is not an amount above zero", ("grant", "zoe", "auditor", *both, "--ceiling", "-1")),
        (2, "name is not such a text", ("add", "zoe", "--name", " ")),
    ):
        result = await ledger.change(*words)
        assert (result.code, message in result.out + result.err) == (code, True), result
    assert (await ledger.run("add", "zoe", "--name", "Zoé", "--as", "Claire", "--reason", "")).code == 2
    listing = await ledger.list()
    assert [part for part, rows in listing.items() if rows] == []


async def test_a_file_is_one_change(ledger: Ledger) -> None:
    loaded = await ledger.load(
        "add,amartin,Alice Martin,,,,,,,,,,,,,,",
        'add,bpetit,"Petit, Bruno",,,,,,,,,,,,,,',
        "grant,,,amartin,certifier,both,0217-SGAC,2018-01-01,,1000,,,,,,,",
        "delegate,,,,certifier,,,2018-01-01,2018-12-31,,D-1,amartin,bpetit,0217-SGAC 0117,,,",
        "agree,,,,,,,2018-01-01,,,A-1,,,,MIN-09,commitment service,Deux mains",
        "end_delegation,,,,,,,,2018-06-30,,D-1,,,,,,",
    )
    assert (loaded.code, loaded.out) == (0, "Change 1 with 6 entries holds from the next batch on.\n"), loaded
    listing = await ledger.list()
    assert [row["name"] for row in listing["persons"]] == ["Alice Martin", "Petit, Bruno"]
    assert listing["delegations"][0]["centres"] == ["0217-SGAC", "0117"]
    assert listing["delegations"][0]["last_day"] == "2018-06-30"
    (change,) = listing["changes"]
    assert len(change["what"]) == 6


async def test_the_example_of_the_docs_is_loaded(ledger: Ledger) -> None:
    example = ROOT.joinpath("docs/commands.md").read_text().partition("```csv\n")[2].partition("```")[0]
    path = ledger.folder / "persons.csv"
    path.write_text(example)
    loaded = await ledger.change("load", path)
    assert (loaded.code, "with 4 entries" in loaded.out) == (0, True), loaded


async def test_a_file_makes_nobody_who_orders_and_accounts(ledger: Ledger) -> None:
    refused = await ledger.load(
        "add,amartin,Alice Martin,,,,,,,,,,,,,,",
        "grant,,,amartin,authorising_officer,both,,2018-01-01,,,,,,,,,",
        "grant,,,amartin,assigned_accountant,both,,2018-06-01,,,,,,,,,",
    )
    assert (refused.code, "nobody is authorising_officer and assigned_accountant" in refused.out) == (1, True)
    assert "persons.csv, line 4" in refused.out
    assert (await ledger.list())["persons"] == []


@pytest.mark.parametrize(
    ("code", "line", "message"),
    [
        (
            1,
            "grant,,,zoe,certifier,both,,2018-01-01,,,,,,,,,",
            "persons.csv, line 3: the directory has no person zoe",
        ),
        (
            1,
            "add,amartin,Other,,,,,,,,,,,,,,",
            "persons.csv, line 3: the directory has a person amartin already",
        ),
        (2, "grant,,,amartin,chief,both,,2018-01-01,,,,,,,,,", "persons.csv, line 3: 'chief' is not a role"),
        (2, "hire,zoe,Zoé,,,,,,,,,,,,,,", "persons.csv, line 3: Invalid value 'hire'"),
        (2, "add,zoe,,,,,,,,,,,,,,,", "persons.csv, line 3: Object missing required field `name`"),
        (2, "add,zoe,Zoé,,,,,,,,,,,,,,x", "persons.csv, line 3: Object contains unknown field `separation`"),
        (2, "add,zoe", "persons.csv, line 3: it has 2 fields, and line 1 has 17 columns"),
        (2, 'add,"zoe', "persons.csv, line 3: unexpected end of data"),
    ],
)
async def test_a_file_is_stored_whole_or_not_at_all(
    code: int, line: str, message: str, ledger: Ledger
) -> None:
    refused = await ledger.load("add,amartin,Alice Martin,,,,,,,,,,,,,,", line)
    assert (refused.code, message in refused.out + refused.err) == (code, True), refused
    assert (await ledger.list())["persons"] == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"type,code,nom\nadd,a,A\n", "line 1: it has the column 'nom'"),
        (b"code,name\na,A\n", "line 1: it lacks the column type"),
        (b"type,code,name\n", "has no entries"),
        (b"type,code,name\nadd,a,\xe9\n", "is not UTF-8 at byte 21"),
        (b"type,code,name\n" + b"x" * 4 * 2**20, "has more than 4 MiB"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused(content: bytes, message: str, ledger: Ledger) -> None:
    path = ledger.folder / "persons.csv"
    path.write_bytes(content)
    refused = await ledger.change("load", path)
    assert (refused.code, message in refused.err) == (2, True), refused
