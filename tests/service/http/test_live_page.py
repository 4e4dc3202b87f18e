"""The files of the live page: all served, nothing from other hosts, the same words in both languages."""

import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from core.outcome_codes import REFUSALS, Outcome
from service.http.handlers.static_page import FILES, PROGRAMMES, REASONS
from tests.service.http.conftest import ServicePlace

FOLDER = Path(__file__).parents[3] / "monitoring" / "dashboard"
SOURCES = {file.name: file.read_text() for file in sorted(FOLDER.iterdir())}
SCRIPTS = {name: text for name, text in SOURCES.items() if name.endswith(".js")}


class Html(HTMLParser):
    """The elements of the page, with their attributes."""

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
    return ["".join(pair) for pair in _read_words(language)]


def test_exactly_the_files_of_the_folder_are_served() -> None:
    assert set(FILES.values()) == SOURCES.keys()


def test_both_languages_define_the_same_words() -> None:
    assert words("fr") == words("en")
    assert len(words("fr")) == len(set(words("fr"))) > 100


def test_every_used_word_is_defined_and_every_defined_word_is_used() -> None:
    page, scripts = Html(), "".join(text for name, text in SCRIPTS.items() if name != "words.js")
    used = {word for name in ("data-word", "data-label", "data-hint") for word in page.attributes(name)}
    used |= {stage for attribute in page.attributes("data-stages") for stage in attribute.split()}
    defined = set(words("en"))
    assert used <= defined
    quoted = set(re.findall(r'"([\w.]+)"', scripts + SCRIPTS["words.js"].split("const STORAGE_KEY")[1]))
    composed = {word for word in defined if re.match(r"(state|ticket)\.|(submission|batch|act)Title$", word)}
    assert defined - used - quoted == composed - used - quoted
    assert set(re.findall(r'translate\("([\w.]+)"', scripts)) <= defined


@pytest.mark.parametrize("name", SOURCES)
def test_nothing_is_loaded_from_other_hosts_and_nothing_is_inline(name: str) -> None:
    text = SOURCES[name].replace("http://www.w3.org/2000/svg", "")
    assert not re.search(
        r"https?:|@import|url\(|innerHTML|eval\(|new Function|document\.write|\bon\w+=", text
    )
    if name.endswith(".html"):
        assert "style" not in [tag for tag, _ in Html().elements]
        assert not Html().attributes("style")
        scripts = [attributes for tag, attributes in Html().elements if tag == "script"]
        assert [script["src"] for script in scripts] == ["/live/live.js"]


def test_fields_and_tables_are_named_for_screen_readers() -> None:
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
async def test_the_page_needs_no_key_and_runs_only_its_own_scripts(place: ServicePlace) -> None:
    async with place.service.client() as client:
        for path in (*FILES, REASONS, PROGRAMMES):
            response = await client.get(path)
            assert response.status_code == 200, path
            policy = response.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
            assert "unsafe" not in policy
            assert response.headers["x-content-type-options"] == "nosniff"
        assert (await client.get("/")).headers["content-type"] == "text/html; charset=utf-8"
        assert (await client.get("/live/live.js")).headers["content-type"].startswith("text/javascript")
        for path in ("/live/", "/live/../board.py", "/live/live.html", "/live/%2e%2e/board.py"):
            assert (await client.get(path)).status_code == 404


@pytest.mark.asyncio(loop_scope="module")
async def test_every_reason_has_both_languages(client: httpx.AsyncClient) -> None:
    body = (await client.get(REASONS)).json()
    assert {code.name for code in REFUSALS} <= body.keys()
    finding, action = body[Outcome.AE_EXCEEDED.name]["fr"]
    assert "autorisations d'engagement" in finding
    assert action
    assert (await client.get(PROGRAMMES)).json()["0177"] == "Prévention de l'exclusion"
