"""Validation of IBANs.  Source: ISO 13616-1 and its registry (country and length), ISO 7064 (mod 97-10)."""

import re
from collections.abc import Mapping

_REGISTRY = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28
EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26
IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28
NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25
SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
"""
LENGTHS: Mapping[str, int] = {entry[:2]: int(entry[2:]) for entry in _REGISTRY.split()}
"""Characters of an IBAN, by country."""


def is_iban(text: str) -> bool:
    """Return whether ``text`` is an IBAN in electronic form: country's length, capitals, digits, mod 97 = 1."""
    is_shaped = re.fullmatch(r"[A-Z]{2}[0-9]{2}[0-9A-Z]+", text, re.ASCII)
    return (
        bool(is_shaped) and LENGTHS.get(text[:2]) == len(text) and _to_number(text[4:] + text[:4]) % 97 == 1
    )


def add_check_digits(country: str, account: str) -> str:
    """Return the IBAN of ``account`` in ``country``."""
    rest = 98 - _to_number(f"{account}{country}00") % 97
    return f"{country}{rest:02}{account}"


def _to_number(text: str) -> int:
    """Return the number that ``text`` stands for: A is 10 ... Z is 35."""
    return int("".join(str(int(character, 36)) for character in text))
