"""Rows of every table that the evidence of batches covers, as plain SQL; two of most, so that one can be removed."""


def _repeat(statement: str) -> list[str]:
    """Return the statement for two rows, numbered 1 and 2."""
    return [statement.format(n=number) for number in (1, 2)]


ROWS = (
    *_repeat(
        "insert into submission (submission, sender, file_hash, file_name, format, size_bytes)"
        " values ({n}, 'MIN-0{n}', sha256('{n}'), 'a.csv', 'csv', 1)"
    ),
    "insert into cancellation (submission, key, sender) values (1, 'k', 'MIN-01'), (2, 'k', 'MIN-02')",
    *_repeat("insert into pause (sender, is_paused, reason, key, by) values ('MIN-01', true, 'r', '', 'op')"),
    "insert into form values (1, 0, '{}'), (1, 1, '{\"a\": 1}')",
    "insert into signer values ('s1', 'A', sha256('1'), '{auditor}', '{}', 'fr', true, now(), now(), 'infinity')",
    "insert into signer_end (signer, reason) values ('s1', 'lost')",
    *_repeat(
        "insert into drop_taken (sender, file_name, submission, signer) values ('MIN-01', 'a.csv', {n}, 's1')"
    ),
    "insert into drop_answered (taken) values (1), (2)",
    "insert into reference_text values (6, 30001, 'MIN-01'), (6, 30002, 'MIN-02')",
    "insert into reference_meaning (year, kind, id, meaning) values (2018, 6, 30001, '{}'), (2018, 6, 30002, '{\"a\": 1}')",
    "insert into period_start values (2018, 1, true), (2018, 2, true)",
    *_repeat(
        "insert into period_decision (exercise, month, accountant, action, reason, by, key)"
        " values (2018, {n}, 0, 'close', 'r', 'Alice', '')"
    ),
    "insert into period_effect values (1, 1), (2, 1)",
    *_repeat(
        "insert into clock_correction"
        " (wrong_time, last_batch, last_submission, last_change, last_decision, last_run, reason, by)"
        " values (now() + interval '{n} years', 1, 1, 1, 1, 1, 'r', 'Alice')"
    ),
    *_repeat("insert into directory_change (reason, by, key) values ('r', 'Alice {n}', '')"),
    *_repeat("insert into person (code, name, change) values ('P{n}', 'Alice', {n})"),
    *_repeat(
        "insert into person_role (person, role, hand, centre, accountant, first_day, change)"
        " values ({n}, 'auditor', 'both', '', '', '2018-01-01', {n})"
    ),
    *_repeat(
        "insert into delegation (number, owner, delegate, role, centres, first_day, change)"
        " values ('D{n}', {n}, 3 - {n}, 'auditor', '{{*}}', '2018-01-01', {n})"
    ),
    *_repeat(
        "insert into agreement (number, sender, kinds, first_day, separation, change)"
        " values ('A{n}', 'MIN-01', '{{commitment}}', '2018-01-01', 's', {n})"
    ),
    "insert into directory_end values ('role', 1, '2018-12-31', 2), ('role', 2, '2018-12-31', 2)",
    "insert into directory_effect values (1, 1), (2, 1)",
    *_repeat(
        "insert into person_login (person, means, name, first_day, change) values ({n}, 'user', 'alice{n}', '2018-01-01', {n})"
    ),
    *_repeat(
        "insert into person_couple (person, partner, first_day, change) values ({n}, 3 - {n}, '2018-01-01', {n})"
    ),
    *_repeat(
        "insert into person_decision (decision, number, person, person_login, change, day)"
        " values ('release', {n}, {n}, {n}, 2, '2018-01-02')"
    ),
    *_repeat(
        "insert into step_preparation (year, step, last_entry, lines, cents, digest, by, person_decision)"
        " values (2018, 'C14', {n}, 1, 1, sha256('{n}'), 'chloe', {n})"
    ),
    *_repeat(
        "insert into step_confirmation (person_decision, step_preparation, by) values ({n}, {n}, 'david')"
    ),
    *_repeat("insert into step_execution (year, step, attempt, by) values (2018, 'C09', {n}, 'chloe')"),
    *_repeat(
        "insert into step_end (step_execution, state, lines, cents, blocked, blocked_cents, findings, batch, chain)"
        " values ({n}, 'proven', 0, 0, 0, 0, '[]', {n}, sha256('{n}'))"
    ),
    "insert into step_rule values (1), (2)",
    "insert into earmark_rule values (1), (2)",
    *_repeat(
        "insert into reference_acceptance (files, digest, last_use, reason, by)"
        " values ('{{}}', sha256('{n}'), 1, 'New accounts', 'Claire')"
    ),
    "insert into third_party_merge values (1, 2, '2018-04-01', 'A', 0, now()), (3, 4, '2018-04-01', 'B', 0, now())",
    "insert into entry_signature values (1, 1, 2, 0), (2, 1, 2, 1)",
    "insert into agreement_use values (1, 2, 1), (3, 3, 2)",
    "insert into details_evidence values (1, repeat('a', 64), 'Ms. A'), (2, repeat('b', 64), 'Mr. B')",
    "insert into details_rule values (1)",  # the migration adds the other
    "insert into separation_rule values (now())",  # the migration adds the other
    *_repeat(
        "insert into access_key (key, sender, digest, roles, programmes, label)"
        " values ('k{n}', 'MIN-01', sha256('{n}'), '{{auditor}}', '{{}}', '')"
    ),
    "insert into access_key_end (key, reason) values ('k1', 'lost'), ('k2', 'lost')",
    *_repeat(
        "insert into access_issuer (issuer, url, audience, claim, jwks) values ('i{n}', 'u', 'a', 'sub', 'j')"
    ),
    "insert into access_issuer_end (issuer, reason) values ('i1', 'lost'), ('i2', 'lost')",
    *_repeat(
        "insert into access_grant (issuer, subject, sender, roles, programmes)"
        " values ('i{n}', 's', 'MIN-01', '{{auditor}}', '{{}}')"
    ),
    "insert into access_grant_end (access_grant, reason) values (1, 'lost'), (2, 'lost')",
    *_repeat("insert into access_binding (holder, fingerprint) values ('k{n}', sha256('{n}'))"),
    "insert into access_binding_end (access_binding, reason) values (1, 'lost'), (2, 'lost')",
    *_repeat(
        "insert into audit (key, sender, address, action, code, detail, times) values ('', '', 'a', 'b', 'c', 'd', {n})"
    ),
    *_repeat(
        "insert into payment_run (run, until, last_entry, accountants, lines, cents, left_out, left_out_cents, digest,"
        " proposed_by) values ({n}, '2018-06-30', 9, '{{CBCM}}', 1, 100, 0, 0, sha256('{n}'), 'Alice')"
    ),
    *_repeat("insert into payment_page values ({n}, 1, 1, '\\x01')"),
    *_repeat("insert into payment_edit (run, what, line, reason, by) values (1, 'hold', {n}, 'r', 'Bruno')"),
    "insert into payment_abandonment (run, reason, abandoned_by) values (2, 'r', 'Alice')",
    "insert into payment_release (run, lines, cents, released_by) values (1, 1, 100, 'Claire')",
    "insert into payment_issue values (1, '{}', sha256('1'), 1, 100, 'Claire', now())",
    *_repeat(
        "insert into payment_file values (1, {n}, '{n}.xml', 'M{n}', 'CBCM', 1, '2018-06-30', 1, 100, 9, sha256('{n}'))"
    ),
    "insert into payment_end values (1, 1, 1, 100, 0, 0, 2)",
    *_repeat(
        "insert into bank_message (message, format, identity, file_name, file_hash, size_bytes, statements, movements)"
        " values ({n}, 'camt.053', 'i', 'f', sha256('{n}'), 9, 1, 1)"
    ),
    *_repeat("insert into bank_statement values ({n}, 1, 'i', 'FR', '2018-06-30', 0, 0, 0, 0, 0, 0)"),
    *_repeat("insert into bank_attempt values ({n}, 1, 0, 0, 0, 1, 100, 0, null, '')"),
    *_repeat("insert into bank_item values ({n}, 1, 1, 1, 1, 1, 100, '2018-06-30', '', 0, 1, 'e')"),
    *_repeat("insert into bank_receipt values ({n}, 1, 1, 1, 'C{n}-1.1', 9, 100)"),
    *_repeat("insert into bank_suspense values ({n}, 1, 1, 1, 'U{n}-1.1', 100)"),
    *_repeat("insert into bank_hand_receipt values ({n}, 1, 1, 1, 9, 100)"),
    "insert into suspense_rule values (1), (2)",
    "insert into movement_rule values (1), (2)",
    "insert into interest_mark (last_entry) values (1), (2)",
    *_repeat("insert into task (kind, arguments, key, sender) values ('payment-run', '{{}}', 'k', 'MIN-01')"),
    "insert into task_event (task, event) values (1, 'started'), (1, 'done'), (2, 'cancelled')",
)
SINGLE_ROWS = frozenset(
    {
        "ledger",
        "signer",
        "signer_end",
        "payment_abandonment",
        "payment_release",
        "payment_issue",
        "payment_end",
    }
    | {"reference_use"}
)
"""Tables with one row here."""
