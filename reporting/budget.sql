-- name: budget
-- The last figures at or before batch $1 of the nodes of fund centres $2.
select node, ae_opened, ae_allotted, ae_reserved, ae_consumed, cp_opened, cp_allotted, cp_reserved, cp_consumed,
       coalesce(ae_frozen, 0) as ae_frozen, coalesce(cp_frozen, 0) as cp_frozen
from (
    select distinct on (node) * from node_balance
    where batch <= $1 and node / 6 % 131072 = any($2::int[])
    order by node, batch desc
) figures
left join (
    select distinct on (node) node, ae_frozen, cp_frozen from frozen_balance where batch <= $1 order by node, batch desc
) frozen using (node)
order by node;
