-- Many consecutive lines that are refused for one reason of form: the rest of the stretch, beyond a first part, is one row.
-- A batch's hash covers the number of lines from layout 3 on, behind the columns of layout 2.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table refusal add column lines int not null default 1;
comment on column refusal.lines is 'Consecutive lines that the row is about, line being the first: more than 1 for the rest of a stretch, whose amount is their sum';

alter table batch add column refused_lines int;
comment on column batch.refused_lines is 'Lines refused by the batch, whether or not each has a row of its own; null before layout 3: as many as refusals';

alter table progress add column refusal_rows bigint;
alter table progress add column stretch_code smallint not null default 0;
alter table progress add column stretch_lines bigint not null default 0;
alter table progress add column stretch_rest_lines bigint not null default 0;
alter table progress add column stretch_rest_cents bigint not null default 0;
alter table progress add column stretch_rest_field smallint not null default 0;
comment on column progress.refusal_rows is 'Rows of refusal so far; null before layout 3: as many as lines refused';
comment on column progress.stretch_code is 'Reason of the stretch of refusals that the lines so far end with; 0 if there is none';
comment on column progress.stretch_rest_lines is 'The last lines of that stretch, which have no row yet: they get one together when it ends';

-- a row a batch, and engines of an earlier version are stopped: the lock is short
-- squawk-ignore require-concurrent-index-creation
create index progress_rest on progress (submission, batch) where stretch_rest_lines > 0;

create view refusal_count as
select submission, batch, code, lines, amount from refusal
union all
select p.submission, p.batch, p.stretch_code, p.stretch_rest_lines, p.stretch_rest_cents from progress p
where p.stretch_rest_lines > 0
  and not exists (select from progress l where l.submission = p.submission and l.batch > p.batch);
comment on view refusal_count is 'Refused lines to be added up: the rows of refusal, and the rests of stretches that have not ended';

update engine set layout = 3;
