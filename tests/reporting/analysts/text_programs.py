"""Programs that read exported journals, as an analyst calls them."""

import re
import subprocess
from pathlib import Path

from tests.external_programs import find_program

_BALANCE = re.compile(r'^"(\d{10})","(-?)(\d+)\.(\d\d) EUR"$', re.MULTILINE)
_OPTIONS = ("balance", "--flat", "-N", "--strict", "-O", "csv")


def run_program(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)


def read_hledger_balances(journal: Path) -> dict[str, int]:
    """Return the balances that hledger computes from a journal, in cents by account, but for those of zero."""
    result = run_program([str(find_program("hledger")), "-f", str(journal), *_OPTIONS])
    assert result.returncode == 0, result.stderr
    return {
        account: int(f"{sign}{euros}{cents}")
        for account, sign, euros, cents in _BALANCE.findall(result.stdout)
    }
