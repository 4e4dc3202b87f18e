"""Payment delays, and the amounts due for late payments, measured from the journal."""
