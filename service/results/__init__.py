"""Results of a submission: receipts, pain.002 reports and dry-run results, shared by service, drop folders and commands."""
