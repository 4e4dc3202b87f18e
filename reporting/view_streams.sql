-- name: has_views
-- Whether the role of the connection may read the views of analysts.
select coalesce(has_schema_privilege(to_regnamespace('analysis_v1'), 'usage'), false)
       and coalesce(has_table_privilege(to_regclass('analysis_v1.as_of'), 'select'), false) as has_views;

-- name: views_as_of
select ledger, batch, last_entry, refreshed_entry, refreshed_at at time zone 'UTC' as refreshed_at from analysis_v1.as_of;

-- name: view_columns
-- The views that the role of the connection may read, with their columns, types and comments, in order.
select v.relname as view, a.attname as name, format_type(a.atttypid, null) as type, coalesce(col_description(v.oid, a.attnum), '') as comment,
       coalesce(obj_description(v.oid, 'pg_class'), '') as view_comment
from pg_class v join pg_attribute a on a.attrelid = v.oid and a.attnum > 0
where v.relnamespace = to_regnamespace('analysis_v1') and v.relkind = 'v' and has_table_privilege(v.oid, 'select')
order by v.relname, a.attnum;

-- name: years_of_views
-- The exercises in which accounts have postings, and the years with credits.
select exercise as year from analysis_v1.balance union select budget_year from analysis_v1.credit_node order by year;

-- name: export_settings
-- Joins of the whole journal are by hashes, as in other reports of it; days and texts have one form, whatever the server's settings.
set local enable_nestloop = off;
set local work_mem = '128MB';
set local max_parallel_workers_per_gather = 0;
set local datestyle = 'ISO';

-- name: accounts_of_exercise
-- The accounts on which something is posted in exercise $1, with their titles.
select distinct account, coalesce(account_title, '') as title from analysis_v1.balance where exercise = $1 order by account;

-- name: plot_execution
-- CP consumed in exercise $1 by programme and month; what comes after December counts in it.
select coalesce(programme, '-') as programme, greatest(least(month, 12), 1)::int as month, sum(cp_cents)::bigint as cents
from analysis_v1.execution_month where exercise = $1 group by 1, 2 order by 1, 2;

-- name: plot_ages
-- What is open of exercise $1 by stage and age on day $2, so of what later acts took that up to this day alone: the place of the first of
-- the limits $3 that it does not exceed.
with follower as (
    select f.entry, f.predecessor, f.amount_cents, t.takes, t.mirrors from analysis_v1.act f
    join analysis_v1.kind t on t.name = f.kind and (t.takes or t.mirrors) where f.day <= $2
),
taken as (
    select f.predecessor as entry, sum(f.amount_cents - coalesce(u.cents, 0)) as cents from follower f
    left join (select predecessor, sum(amount_cents) as cents from follower where mirrors group by predecessor) u on u.predecessor = f.entry
    where f.takes group by f.predecessor
)
select k.stage, (select count(*) from unnest($3::int[]) as days where $2::date - a.day > days)::int as age,
       sum(a.amount_cents - coalesce(t.cents, 0))::bigint as cents
from analysis_v1.act a join analysis_v1.kind k on k.name = a.kind and k.stage <> '' left join taken t using (entry)
where a.exercise = $1 and a.day <= $2 and a.amount_cents > coalesce(t.cents, 0)
  and (k.stage <> 'by_hand' or exists (select from analysis_v1.nomenclature n where n.code_kind = 'account' and n.year = a.exercise
                                       and n.is_suspense and n.code in (a.debit_account, a.credit_account)))
group by 1, 2 order by 1, 2;
