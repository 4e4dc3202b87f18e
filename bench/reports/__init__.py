"""The reports of a ledger, each verified and timed."""
