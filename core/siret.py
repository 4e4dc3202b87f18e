"""SIRET numbers: the 14 digits of an establishment, of which the first nine are the SIREN of the company.

Both end in a key by the algorithm of Luhn.  The establishments of La Poste (SIREN 356000000) outnumber its keys: of theirs,
the sum of the digits is a multiple of 5 instead (rule published by INSEE, from general knowledge: **unverified**).
"""

import numpy as np
from numpy.typing import NDArray

SIRET_DIGITS = 14
SIREN_DIGITS = 9
LA_POSTE = "356000000"
_LUHN_MODULUS, _LA_POSTE_MODULUS = 10, 5


def find_wrong_keys(digits: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return which SIRET have a wrong key; ``digits`` has a row of 14 digits, 0 to 9, for each.

    The two moduli are those of the rules above; every second digit from the left is doubled.
    """
    doubled = digits.copy()
    doubled[:, ::2] *= 2
    doubled -= 9 * (doubled > 9).astype(np.uint8)
    is_right = doubled.sum(axis=1, dtype=np.int64) % _LUHN_MODULUS == 0
    la_poste = np.frombuffer(LA_POSTE.encode(), np.uint8) - ord("0")
    is_la_poste = (digits[:, :SIREN_DIGITS] == la_poste).all(axis=1)
    is_right |= is_la_poste & (digits.sum(axis=1, dtype=np.int64) % _LA_POSTE_MODULUS == 0)
    return ~is_right
