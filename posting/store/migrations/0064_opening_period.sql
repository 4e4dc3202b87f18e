-- Month 0, which has the opening balances of an exercise, is a period like the others: closed and locked by decisions of persons.  It
-- is open at the beginning of every exercise, as openings follow later entries of the year before.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

-- squawk-ignore ban-drop-constraint
alter table period_start drop constraint period_start_month_check;
-- squawk-ignore constraint-missing-not-valid
alter table period_start add constraint period_start_month_check check (month between 0 and 15);
insert into period_start (exercise, month, is_open) select distinct exercise, 0, true from period_start;
