-- Debits and returns of statements that match no transfer are posted to suspense.  Rows are only ever added.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table movement_rule (
    after_message   int primary key
);
comment on table movement_rule is 'The last bank message from before the rule: its debits and returns that match no transfer stay listed, as a person may have posted them by hand';
comment on table bank_suspense is 'What of a credit, debit or return is posted to suspense, by which act of the sender bank (reference), and how many cents; the last attempt counts';
comment on column bank_attempt.suspense is 'Credits, debits and returns that are posted to suspense, whole or in part';
comment on column bank_attempt.suspense_cents is 'What of these movements is posted to suspense';

select protect('movement_rule'), cover('movement_rule');

insert into movement_rule select coalesce(max(message), 0) from bank_message;
