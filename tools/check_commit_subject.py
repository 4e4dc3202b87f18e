"""Check a commit message as CONTRIBUTING.md asks for it: ``python tools/check_commit_subject.py FILE``, a commit-msg hook.

The subject reads ``part: imperative verb ...``, has at most 72 characters and no full stop at its end.
"""

import re
import sys
from pathlib import Path

SUBJECT_CHARACTERS_MAX = 72
_SUBJECT = re.compile(r"^(?P<part>[a-z][a-z0-9_/., -]*): (?P<first>\S+)")
_GENERATED = ("Merge ", "Revert ", "fixup! ", "squash! ")
_NO_VERB = frozenset(
    "a an the what who whoever which each every no of how why that this these it its if when where whether".split()
)
_VERBS_WITH_AN_ENDING = frozenset(
    "access address bring compress discuss embed express feed focus need pass press process proceed seed speed".split()
)


def problem_of(subject: str) -> str:
    """Return what is wrong with the subject; an empty text if nothing is."""
    if subject.startswith(_GENERATED):
        return ""
    if len(subject) > SUBJECT_CHARACTERS_MAX:
        return f"the subject has {len(subject)} characters; at most {SUBJECT_CHARACTERS_MAX} are allowed"
    match = _SUBJECT.match(subject)
    if match is None:
        return (
            "the subject must read `part: imperative verb ...`, as in `settlement: list returned transfers`"
        )
    first = match["first"].lower()
    if first in _NO_VERB or (re.search(r"(ing|ed|s)$", first) and first not in _VERBS_WITH_AN_ENDING):
        return f"{match['first']!r} is not an imperative verb; write what the commit does, as in `add`, `fix`, `move`"
    if subject.endswith("."):
        return "the subject ends with a full stop; leave it out"
    return ""


def main() -> int:
    """Check the message in the file that git names; return the exit code."""
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    subject = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    problem = problem_of(subject)
    if problem:
        sys.stderr.write(f"commit message: {problem}\n  {subject}\n")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
