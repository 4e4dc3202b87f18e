-- How a file was read, so that a receipt states it, and a lost file that is sent again is read in the same way.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table submission add column charset text not null default '';
comment on column submission.charset is 'The charset of the file that its sender stated; empty if none was stated';

alter table submission add column extra_columns text[] not null default '{}';
comment on column submission.extra_columns is 'Columns of the file that are not those of the format and were not read';
