-- When the lines of a batch were decided, so that a receipt states it beside the receipt of the file and the commit.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table batch add column decided_at timestamptz;
comment on column batch.decided_at is 'When its lines were decided, by the clock of the database; null for batches of earlier versions';
