"""The accounts whose postings each belong to one item: the report of open items lists these alone."""

STARTS_OF_ACCOUNTS = ("401", "404", "408", "409", "41", "467", "47", "5126")
"""The first digits of the accounts: suppliers, certified service, advances, receivables, other debts, suspense, transit."""
