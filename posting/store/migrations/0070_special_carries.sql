-- What carries bring into a year of a special account is engaged there: the balance brought forward has its money (LOLF art. 21).

set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table special_balance add column carried bigint not null default 0;
comment on table special_balance is 'What was collected, engaged and carried for a programme of an earmarked special account after a batch that changed it: the last row at or before a batch has the figures then';
comment on column special_balance.carried is 'Cents that carries brought into the year of what years before engaged and did not pay, less what of it was given back';
