"""Reconciliation: bank messages matched with sent transfers, and turned into acts.

A message becomes a file of acts that the engine processes like any other, so it is posted exactly once whatever is killed.
Movements that do not match are stored with the message and the reason.
"""
