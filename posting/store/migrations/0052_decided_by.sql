-- By which proof and by which rules something was decided: the proof of each edit of a payment run and of each import of a file of the
-- bank, the days for which bank details were new to a run, and the days from which on lines needed an agreement.  Rows from before
-- state none of it.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table payment_edit add column person_decision bigint;
comment on column payment_edit.person_decision is 'The proof of who changed the run; null where names were not proved yet, and from an earlier version';

alter table bank_attempt add column person_decision bigint;
comment on column bank_attempt.person_decision is 'The proof of who imported the message; null where names were not proved yet, and from an earlier version';

alter table payment_run add column new_days int;
alter table payment_run add column rules_hash bytea;
comment on column payment_run.new_days is 'For how many days bank details were new when the run was proposed; null from an earlier version';
comment on column payment_run.rules_hash is 'SHA-256 of the file that says so, payments.toml';

alter table reference_use add column after_batch bigint;
alter table reference_use add column agreement_days jsonb;
comment on column reference_use.after_batch is 'The last batch that was decided before this use; null from an earlier version';
comment on column reference_use.agreement_days is 'By exercise, the day from which on a line names persons or comes under an agreement, as the calendar said';
