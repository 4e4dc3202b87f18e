"""Access control: API keys and signed tokens, roles, perimeters, and the audit trail of refused attempts."""
