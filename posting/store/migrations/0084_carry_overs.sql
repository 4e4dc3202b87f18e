-- What limits the carry-over of credits: the CP that orders carried from a programme into the next year (LOLF art. 15).

set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table decree_balance add column carried bigint not null default 0;
comment on column decree_balance.carried is 'Cents that orders carried from the programme into the next year, of all funds at their own node';
