-- Up to where late interest was measured and decided, so that an import measures only what was debited since.  Rows are only ever added.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table interest_mark (
    last_entry      bigint primary key check (last_entry > 0),
    noted_at        timestamptz not null default clock_timestamp()
);
comment on table interest_mark is 'Entries up to which every debit was measured, and what it made due was claimed or refused; the greatest counts';

select protect('interest_mark');
