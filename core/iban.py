"""IBANs: length by country and check digits.  Source: ISO 13616 registry, from general knowledge; to be checked on update."""

from collections.abc import Mapping

_COUNTRIES_BY_LENGTH: Mapping[int, str] = {
    15: "NO",
    16: "BE",
    18: "DK FI FK FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}

LENGTHS: Mapping[str, int] = {
    country: length for length, countries in _COUNTRIES_BY_LENGTH.items() for country in countries.split()
}
"""Characters of an IBAN by country; a country that is not listed has no IBAN."""


def is_iban(text: str) -> bool:
    """Return whether ``text`` is an IBAN in electronic form: the country's length, capitals and digits, 1 modulo 97."""
    is_shaped = text.isascii() and text.isalnum() and text == text.upper() and text[2:4].isdigit()
    return is_shaped and LENGTHS.get(text[:2]) == len(text) and _to_number(text[4:] + text[:4]) % 97 == 1


def add_check_digits(country: str, account: str) -> str:
    """Return the IBAN of ``account`` in ``country``.  Source: ISO 7064, MOD 97-10."""
    return f"{country}{98 - _to_number(f'{account}{country}00') % 97:02}{account}"


def _to_number(text: str) -> int:
    """Return the number that ``text`` stands for: A is 10, B is 11 ... Z is 35."""
    return int("".join(str(int(letter, 36)) for letter in text))
