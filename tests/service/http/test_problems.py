"""Problems: their texts for people, in English and French."""

import ast
import re
from http import HTTPStatus
from pathlib import Path

import pytest

from core.errors import FormatUnknown
from ingest.formats.flat_schema import check_columns
from service.client.http_service import Refused
from service.database.embedded_server import Database
from service.http.problem_texts_fr import SENTENCES, TITLES, translate
from service.http.problems import Problem, from_input_error
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import build_debt_charges
from tests.service.http.running_service import JSONL, create_database, run_service, to_jsonl

ROOT = Path(__file__).parents[3]
FRENCH = {"accept-language": "fr-FR, fr;q=0.9"}


@pytest.mark.parametrize(
    ("column", "remedy"),
    [
        ("amout", "Did you mean amount"),
        ("Reference", "Did you mean reference"),
        ("functional_aera", "Did you mean functional_area"),
        ("zzz", "The columns are reference, "),
        ("montant", "The columns are reference, "),
        ("fund_center", "Did you mean fund_centre? "),
    ],
)
def test_an_unknown_column_gets_the_nearest_one_or_all_of_them_once(column: str, remedy: str) -> None:
    with pytest.raises(FormatUnknown) as refusal:
        check_columns([column], "acts.jsonl")
    assert refusal.value.remedy.startswith(remedy)
    problem = from_input_error(refusal.value)
    assert problem.encode().decode().count("payee_name") == (column in {"zzz", "montant"})
    document = {"detail": problem.detail, **problem.extensions}
    assert str(Refused("acts.jsonl", document)).count(refusal.value.remedy) == 1


def list_documented_codes() -> set[str]:
    section = ROOT.joinpath("docs/service.md").read_text().partition("\n## Errors\n")[2].partition("\n## ")[0]
    return {
        code
        for row in re.findall(r"^\| [0-9, ]+ \| ([^|]+) \|", section, re.MULTILINE)
        for code in re.findall("`(.+?)`", row)
    }


def test_every_code_has_a_french_sentence_and_every_status_a_french_title() -> None:
    of_drop_folders = {"signature-missing", "signature-wrong", "signer-unknown"}
    assert SENTENCES.keys() - {"internal-error"} - of_drop_folders == list_documented_codes()
    names = re.findall(
        r"HTTPStatus\.([A-Z_]+)", "".join(path.read_text() for path in (ROOT / "service").rglob("*.py"))
    )
    problems = {HTTPStatus[name] for name in names if HTTPStatus[name] >= HTTPStatus.BAD_REQUEST}
    assert problems - {HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT} <= TITLES.keys()


def test_the_codes_of_problems_are_those_with_texts() -> None:
    codes = {
        node.args[1].value
        for path in (ROOT / "service").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Problem"
        if len(node.args) > 1 and isinstance(node.args[1], ast.Constant)
    }
    assert codes <= SENTENCES.keys()


@pytest.mark.parametrize(
    ("code", "detail", "french"),
    [
        ("not-found", "You have no submission 12", "Vous n'avez pas de dépôt 12. Cet objet"),
        (
            "malformed-request",
            "The parameter year is required",
            "Le paramètre year est obligatoire. La requête",
        ),
        (
            "format-unknown",
            "a.csv: The column is unknown",
            "son format, sa version ou une colonne est inconnu (a.csv: The",
        ),
        (
            "not-found",
            "You have no act {0} {} that matches",
            "Vous n'avez pas d'acte {0} {} qui corresponde. ",
        ),
    ],
)
def test_figures_and_names_of_a_detail_stay(code: str, detail: str, french: str) -> None:
    assert french in translate(code, HTTPStatus.NOT_FOUND, detail).sentence


def test_members_other_than_title_and_detail_are_the_same_in_both_languages() -> None:
    problem = Problem(
        HTTPStatus.CONFLICT, "offset-differs", "7 bytes have arrived, but this piece begins at 9", offset=7
    )
    assert b'"code":"offset-differs"' in problem.encode("fr")
    assert b'"offset":7' in problem.encode("fr")
    assert "7 octets sont arrivés" in problem.encode("fr").decode()
    assert "7 bytes have arrived" in problem.encode().decode()


async def test_problems_are_in_the_language_that_the_caller_prefers(
    database: Database, tmp_path: Path
) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client() as nobody,
        served.client(MINISTRY) as client,
    ):
        for headers, language, title, text in (
            (FRENCH, "fr", "Introuvable", "Vous n'avez pas de dépôt 7"),
            ({}, "en", "Not Found", "You have no submission 7"),
        ):
            response = await client.get("/v1/submissions/7", headers=headers)
            problem = response.json()
            assert (problem["code"], problem["title"]) == ("not-found", title)
            assert problem["detail"].startswith(text)
            assert response.headers["content-language"] == language
            assert response.headers["vary"] == "accept-language"
        unknown = await nobody.get("/v1/submissions/7", headers=FRENCH)
        assert unknown.json()["title"] == "Non authentifié"
        repeated = [*FRENCH.items(), ("accept-language", "en")]
        twice = await nobody.get("/nothing", headers=repeated)
        assert (twice.status_code, twice.json()["title"]) == (404, "Introuvable")
        rows = to_jsonl([{**row, "amout": "1"} for row in build_debt_charges(1)])
        refused = (await client.post("/v1/submissions", content=rows, headers={**JSONL, **FRENCH})).json()
        assert refused["code"] == "format-unknown"
        assert refused["detail"].startswith("Le fichier est refusé en entier")
        assert refused["detail"].endswith(", ligne 1, colonne 'amout' : La colonne est inconnue)"), refused
        assert refused["remedy"].startswith("Vouliez-vous dire amount ?")
        form = await client.post("/v1/acts", json={"commitment_item": 31}, headers=FRENCH)
        assert form.json()["detail"].startswith("Le formulaire est refusé en entier")
        assert form.json()["remedy"].startswith("Écrivez la valeur en texte")
        denied = await client.post("/v1/acts", json={"kind": "third_party"}, headers=FRENCH)
        assert denied.json()["detail"].startswith("form, ligne 1 : aucun rôle de la clé ")
        assert denied.json()["remedy"].startswith("Envoyez les actes de ce type avec une clé")
        image = {**FRENCH, "content-type": "image/png"}
        media = await client.post("/v1/submissions", content=b"x", headers=image)
        assert media.json()["detail"].startswith("Le service n'accepte pas le type image/png. Le type")
        for problem in (unknown, denied, media):
            assert "(" not in problem.json()["detail"], "no English in brackets"
