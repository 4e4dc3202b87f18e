-- Layout 4.  A ledger of layouts 1 to 3 is refused before this is applied (posting/store/layout.py), so these tables are empty here:
-- what was null for rows of earlier versions is always stated, and every ledger has a number for the names that leave the house.
-- squawk-ignore-file adding-not-nullable-field, adding-required-field, ban-drop-constraint, constraint-missing-not-valid

set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table batch alter column refused_lines set not null, alter column decided_at set not null;
comment on column batch.refused_lines is 'Lines refused by the batch, whether or not each has a row of its own';
comment on column batch.decided_at is 'When its lines were decided, by the clock of the database';

alter table progress alter column refusal_rows set not null;
comment on column progress.refusal_rows is 'Rows of refusal so far';

alter table ledger drop constraint ledger_number_check;
alter table ledger add constraint ledger_number check (number between 1 and 99);
comment on table ledger is 'One row: which ledger this is; number 1 where none was given';
