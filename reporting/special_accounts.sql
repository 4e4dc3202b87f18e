-- name: special_figures
-- What was collected and engaged for each programme of special accounts by budget year, as of batch $1.
select distinct on (programme, budget_year) programme, budget_year, collected, engaged
from special_balance where batch <= $1 order by programme, budget_year, batch desc;
