-- name: special_figures
-- What was collected, engaged and carried for each programme of special accounts by budget year, as of batch $1.
select distinct on (programme, budget_year) programme, budget_year, collected, engaged, carried
from special_balance where batch <= $1 order by programme, budget_year, batch desc;
