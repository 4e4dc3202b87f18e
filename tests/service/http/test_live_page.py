"""The files of the live page: all of them served, none from outside, the same words in both languages."""

import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from core.outcome_codes import REFUSALS, Outcome
from service.http.handlers.static_page import FILES, PROGRAMMES, REASONS
from tests.service.http.conftest import ServicePlace

FOLDER = Path(__file__).parents[3] / "monitoring" / "dashboard"
SOURCES = {each.name: each.read_text() for each in sorted(FOLDER.iterdir())}
SCRIPTS = {name: text for name, text in SOURCES.items() if name.endswith(".js")}


class Html(HTMLParser):
    """Every element of the page, with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.feed(SOURCES["live.html"])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def attributes(self, name: str) -> list[str]:
        return [attributes[name] for _, attributes in self.elements if name in attributes]


def _read_words(language: str) -> list[str]:
    block = re.split(r"\n  (?:fr|en): \{\n", SOURCES["words.js"])[1 + ("fr", "en").index(language)]
    return re.findall(r'(?:^|[,{]\s*)\s*(?:"([\w.]+)"|(\w+)): "', block.split("\n  },")[0], re.MULTILINE)


def words(language: str) -> list[str]:
    return ["".join(each) for each in _read_words(language)]


def test_every_file_of_the_folder_is_served_and_no_other() -> None:
    assert set(FILES.values()) == SOURCES.keys()


def test_both_languages_say_the_same_things() -> None:
    assert words("fr") == words("en")
    assert len(words("fr")) == len(set(words("fr"))) > 100


def test_every_word_that_is_used_is_known_and_every_known_word_is_used() -> None:
    page, scripts = Html(), "".join(text for name, text in SCRIPTS.items() if name != "words.js")
    used = {word for name in ("data-word", "data-label", "data-hint") for word in page.attributes(name)}
    used |= {stage for each in page.attributes("data-stages") for stage in each.split()}
    known = set(words("en"))
    assert used <= known
    quoted = set(re.findall(r'"([\w.]+)"', scripts + SCRIPTS["words.js"].split("const STORAGE_KEY")[1]))
    made = {word for word in known if re.match(r"(state|ticket)\.|(submission|batch|act)Title$", word)}
    assert known - used - quoted == made - used - quoted
    assert set(re.findall(r'translate\("([\w.]+)"', scripts)) <= known


@pytest.mark.parametrize("name", SOURCES)
def test_nothing_comes_from_outside_and_nothing_is_inline(name: str) -> None:
    text = SOURCES[name].replace("http://www.w3.org/2000/svg", "")
    assert not re.search(
        r"https?:|@import|url\(|innerHTML|eval\(|new Function|document\.write|\bon\w+=", text
    )
    if name.endswith(".html"):
        assert "style" not in [tag for tag, _ in Html().elements]
        assert not Html().attributes("style")
        scripts = [attributes for tag, attributes in Html().elements if tag == "script"]
        assert [each["src"] for each in scripts] == ["/live/live.js"]


def test_fields_and_tables_are_named_for_who_hears_the_page() -> None:
    page = Html()
    labels = set(page.attributes("for"))
    identities = page.attributes("id")
    assert len(identities) == len(set(identities))
    for tag, attributes in page.elements:
        if tag == "input":
            assert attributes["id"] in labels
        if tag == "section" or attributes.get("role") == "region":
            assert attributes["aria-labelledby"] in identities
    assert ("html", {"lang": "en"}) in page.elements


@pytest.mark.asyncio(loop_scope="module")
async def test_the_page_needs_no_key_and_runs_nothing_but_its_own(place: ServicePlace) -> None:
    async with place.service.client() as client:
        for path in (*FILES, REASONS, PROGRAMMES):
            found = await client.get(path)
            assert found.status_code == 200, path
            policy = found.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
            assert "unsafe" not in policy
            assert found.headers["x-content-type-options"] == "nosniff"
        assert (await client.get("/")).headers["content-type"] == "text/html; charset=utf-8"
        assert (await client.get("/live/live.js")).headers["content-type"].startswith("text/javascript")
        for path in ("/live/", "/live/../board.py", "/live/live.html", "/live/%2e%2e/board.py"):
            assert (await client.get(path)).status_code == 404


@pytest.mark.asyncio(loop_scope="module")
async def test_every_reason_is_said_in_both_languages(client: httpx.AsyncClient) -> None:
    said = (await client.get(REASONS)).json()
    assert {code.name for code in REFUSALS} <= said.keys()
    finding, action = said[Outcome.AE_EXCEEDED.name]["fr"]
    assert "autorisations d'engagement" in finding
    assert action
    assert (await client.get(PROGRAMMES)).json()["0177"] == "Prévention de l'exclusion"
