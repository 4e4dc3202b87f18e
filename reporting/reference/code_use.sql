-- name: code_numbers
-- The numbers of all codes.
select kind, id, code from reference_text;

-- name: entries_of_codes
-- How many entries stand on each of the codes: $1 years, $2 kinds, $3 numbers, of the same length.
select k.year, k.kind, k.id, count(*) as entries
from (
    select distinct w.year, w.kind, w.id, c.cell
    from cell c
    cross join lateral (values (1, c.centre), (1, c.operation), (2, c.area), (3, c.item), (4, c.fund)) as part (kind, id)
    join unnest($1::int[], $2::int[], $3::int[]) as w (year, kind, id) on w.year = c.budget_year and w.kind = part.kind and w.id = part.id
) k join entry e on e.cell = k.cell
group by k.year, k.kind, k.id;

-- name: credits_of_centres
-- The credits that are open at each fund centre of $2 in the year of $1 at its place: the last figures of its nodes.
select w.year, 1 as kind, w.id, sum(n.ae_opened)::bigint as ae_opened_cents, sum(n.cp_opened)::bigint as cp_opened_cents
from unnest($1::int[], $2::int[]) as w (year, id) join (
    select distinct on (node) node, ae_opened, cp_opened from node_balance order by node, batch desc
) n on n.node / (131072 * 6) + 2000 = w.year and n.node / 6 % 131072 = w.id
group by w.year, w.id;

-- name: balances_of_accounts
-- What was posted on each of the accounts (kind 5) and accountants (kind 8): $1 years, $2 kinds, $3 numbers, of the same length.
-- Opening balances stand in month 0: they were posted in the year before, and are counted apart.
select w.year, w.kind, w.id, coalesce(sum(b.debit) filter (where b.period % 16 > 0), 0)::bigint as debit_cents,
       coalesce(sum(b.credit) filter (where b.period % 16 > 0), 0)::bigint as credit_cents,
       count(*) filter (where b.period % 16 = 0) as opening_balances
from unnest($1::int[], $2::int[], $3::int[]) as w (year, kind, id) join (
    select distinct on (accountant, account, period) accountant, account, period, debit, credit
    from account_balance order by accountant, account, period, batch desc
) b on b.period / 16 + 2000 = w.year and w.id = case w.kind when 5 then b.account when 8 then b.accountant end
group by w.year, w.kind, w.id;

-- name: cell_parts
-- The codes of account assignments $1.
select cell, centre, area, item, fund, operation from cell where cell = any($1::int[]);
