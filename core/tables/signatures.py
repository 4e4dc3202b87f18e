"""The tables of signatures: who entered and validated an act, what each person may do, and how both are stored."""

from typing import NamedTuple

from core.tables.columns import Code, Day, Entry, Index, Money, Small, allocate_records, seal_array


class Signatures(NamedTuple):
    """Who entered and who validated acts, each pair once; row 0 is that of lines which name nobody."""

    entered: Index
    validated: Index
    delegation: Index
    """The delegation by which the act was validated; 0 for the person's own role."""


NO_SIGNATURES = seal_array(allocate_records(Signatures, 1))
"""The table of lines that name nobody: row 0 alone."""


class Grants(NamedTuple):
    """What each person may do, one row for each role and place; the rows of a person are next to each other."""

    ceiling: Money
    """The greatest act that may be validated, in cents."""
    first_day: Day
    last_day: Day
    centre: Index
    """Number of a fund centre, which covers those below it; 0 for every fund centre, -1 for one of no year."""
    delegation: Index
    """The delegation that gives the role; 0 for the person's own."""
    owner: Index
    """The person who delegates; 0 for the person's own role."""
    accountant: Small
    """Number of an accountant; 0 for every accountant, -1 for one of no year."""
    role: Code
    """Position in ``core.roles.Role``."""
    hand: Code
    """Bits of ``core.directory.Hand``."""


class EntrySignatures(NamedTuple):
    """The signature of an entry whose line names persons.  A COPY row."""

    entry: Entry
    entered: Index
    validated: Index
    delegation: Index


class DetailsEvidence(NamedTuple):
    """The entry of a change of bank details; its evidence and call back are texts.  A COPY row."""

    entry: Entry


class AgreementUses(NamedTuple):
    """Consecutive entries whose lines name nobody and come under one agreement.  A COPY row."""

    first_entry: Entry
    last_entry: Entry
    agreement: Index


class DirectoryEffects(NamedTuple):
    """The changes of the directory, and the last batch that was decided without each.  A COPY row."""

    change: Entry
    after_batch: Entry
