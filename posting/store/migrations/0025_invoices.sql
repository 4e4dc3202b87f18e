-- Claims of invoices in the checkpoints: each invoice is requested once.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table checkpoint add column invoices bigint not null default 0;
