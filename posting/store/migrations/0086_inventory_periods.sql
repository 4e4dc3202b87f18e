-- Months 13 and 14, which have the inventory of the accountants, are periods like the others.  They are open at the beginning of every
-- exercise, as the inventory follows the last entry of December.  Of an exercise whose December or result is locked already they are closed:
-- its figures are final, and they are the last months that are left to lock.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

insert into period_start (exercise, month, is_open)
select exercise, m, not exists (select from period_decision d where d.exercise = s.exercise and d.month in (12, 15) and d.action = 'lock')
from (select distinct exercise from period_start) s, unnest(array[13, 14]) m;
