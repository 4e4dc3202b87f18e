"""Write the sample of accountants and their fund centres: ``python -m bench.samples.sample_accountants``.

A programme's central units pay through the accountant of their ministry (CBCM), territorial ones through the regional
directorate (DRFiP) of their département.  The list of accountants and their accounts is not public in this form: codes and
accounts are invented.  The account numbers contain EXEMPLE, and their check digits are correct.
"""

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from core import nomenclature
from core.iban import add_check_digits
from core.nomenclature import CentreLevel
from core.reference.files import SAMPLE_FOLDER

_BIC = "BDFEFRPPCCT"
_BANK, _BRANCH = "30001", "00064"
"""Banque de France: its bank code is public, the rest of the number is invented."""

_MINISTRIES: Mapping[str, tuple[str, ...]] = {
    "JUST": ("Justice",),
    "TRAV": ("Travail",),
    "INTE": ("Intérieur",),
    "AFET": ("Affaires étrangères",),
    "COHE": ("Cohésion des territoires",),
    "ECFI": ("Économie et finances", "Pouvoirs publics"),
    "ECOL": ("Transition écologique",),
    "OUTM": ("Outre-mer",),
    "SOLI": ("Solidarités et santé",),
    "PRMI": ("Premier ministre",),
    "CULT": ("Culture",),
    "EDUC": ("Éducation nationale", "Sports"),
    "AGRI": ("Agriculture",),
    "ARME": ("Armées",),
    "ACPU": ("Action et comptes publics",),
    "ESRE": ("Enseignement supérieur et recherche",),
}
_CENTRAL_ACCOUNTANT = ("ADCE", "Comptable centralisateur de l'État")
_DEBT_PROGRAMMES = frozenset({"0114", "0117"})
"""The programmes of the public debt, paid by the central accountant."""

_REGIONS: Mapping[str, str] = {
    "ALSA Alsace": "67 68",
    "AQUI Aquitaine": "24 33 40 47 64",
    "AUVE Auvergne": "3 15 43 63",
    "BOUR Bourgogne": "21 58 71 89",
    "BRET Bretagne": "22 29 35 56",
    "CENT Centre-Val de Loire": "18 28 36 37 41 45",
    "CHAM Champagne-Ardenne": "8 10 51 52",
    "CORS Corse": "20 96",
    "FRCO Franche-Comté": "25 39 70 90",
    "PARI Paris": "75",
    "HSEI Hauts-de-Seine": "92",
    "SSDE Seine-Saint-Denis": "93",
    "VDMA Val-de-Marne": "94",
    "YVEL Yvelines": "78 95",
    "ESSO Essonne": "77 91",
    "LROU Languedoc-Roussillon": "11 30 34 48 66",
    "LIMO Limousin": "19 23 87",
    "LORR Lorraine": "54 55 57 88",
    "MIPY Midi-Pyrénées": "9 12 31 32 46 65 81 82",
    "NORP Nord-Pas-de-Calais": "59 62",
    "BNOR Basse-Normandie": "14 50 61",
    "HNOR Haute-Normandie": "27 76",
    "PLOI Pays de la Loire": "44 49 53 72 85",
    "PICA Picardie": "2 60 80",
    "PCHA Poitou-Charentes": "16 17 79 86",
    "PACA Provence-Alpes-Côte d'Azur": "4 5 6 13 83 84",
    "RALP Rhône-Alpes": "1 7 26 38 42 69 73 74",
    "OMER Outre-mer": "97 98",
}
"""The regional directorates, each with its départements."""

_Line = tuple[str, ...]


def write_sample(folder: Path) -> None:
    """Write ``accountants.csv`` and ``assigned.csv`` into ``folder``."""
    _write_csv(
        folder.joinpath("accountants.csv"), ("code", "label", "holder", "iban", "bic"), _list_accountants()
    )
    _write_csv(folder.joinpath("assigned.csv"), ("centre", "accountant"), _list_assignments())


def _list_accountants() -> Iterator[_Line]:
    ministries = [(code, f"CBCM {names[0]}") for code, names in _MINISTRIES.items()]
    regions = [(name[:4], f"DRFiP {name[5:]}") for name in _REGIONS]
    for number, (code, label) in enumerate([_CENTRAL_ACCOUNTANT, *ministries, *regions], 1):
        yield code, f"{label} (exemple)", f"{label} (exemple)", _build_account(number), _BIC


def _build_account(number: int) -> str:
    """Build an invented account of the Banque de France with correct check digits."""
    account = f"{_BANK}{_BRANCH}EXEMPLE{number:04}"
    key = 97 - int(f"{_convert_to_digits(account)}00") % 97
    return add_check_digits("FR", f"{account}{key:02}")


def _convert_to_digits(text: str) -> str:
    """Convert letters to digits as the French key does: A and J are 1, B, K and S are 2, and so on."""
    return text.translate(str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "12345678912345678923456789"))


def _list_assignments() -> Iterator[_Line]:
    codes = nomenclature.load(SAMPLE_FOLDER.joinpath("2018"))
    of_ministry = {name: code for code, names in _MINISTRIES.items() for name in names}
    of_departement = {
        f"D{int(number):03}": name[:4] for name, numbers in _REGIONS.items() for number in numbers.split()
    }
    for code, programme in codes.programmes.items():
        yield code, _CENTRAL_ACCOUNTANT[0] if code in _DEBT_PROGRAMMES else of_ministry[programme.ministry]
    for code, centre in codes.centres.items():
        if (
            centre.level is CentreLevel.BOP
            and code[5:] in of_departement
            and code[:4] not in _DEBT_PROGRAMMES
        ):
            yield code, of_departement[code[5:]]


def _write_csv(path: Path, header: _Line, lines: Iterable[_Line]) -> None:
    with path.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text, lineterminator="\n").writerows([header, *lines])


if __name__ == "__main__":
    write_sample(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE_FOLDER.joinpath("2018"))
