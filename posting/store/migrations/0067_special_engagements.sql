-- What special accounts engage: their receipts limit it beside what they order (LOLF art. 21).

set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table special_balance add column engaged bigint not null default 0;
comment on table special_balance is 'What was collected and engaged for a programme of an earmarked special account after a batch that changed it: the last row at or before a batch has the figures then';
comment on column special_balance.budget_year is 'The year of the day of the receipts, and of the AE';
comment on column special_balance.engaged is 'Cents of AE of the year that commitments and requests without one engage; withdrawals of commitments of earlier years do not lower them';
