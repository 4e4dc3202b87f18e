-- Month 15, which has the entries that determine the result of an exercise, is a period like the others.  It is open at the beginning
-- of every exercise, as the result follows later entries of its year.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

insert into period_start (exercise, month, is_open) select distinct exercise, 15, true from period_start;
