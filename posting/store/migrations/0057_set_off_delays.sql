-- Set-offs are payments of the report of delays: it says how many they are.  Sums that were stored before are measured again, as the
-- hash of the rules counts the version of the measurement.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table delay_sum add column set_offs bigint not null default 0, add column set_off_cents bigint not null default 0;
comment on column delay_sum.set_offs is 'How many of the payments are set-offs, which no bank debits';
