-- name: budget
-- The last figures at or before batch $1 of the nodes of fund centres $2.
select distinct on (node) node, ae_opened, ae_allotted, ae_reserved, ae_consumed, cp_opened, cp_allotted, cp_reserved, cp_consumed
from node_balance
where batch <= $1 and node / 6 % 131072 = any($2::int[])
order by node, batch desc;
