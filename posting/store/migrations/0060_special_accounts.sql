-- A rarely used figure of special accounts: what was collected for each of their programmes in a budget year.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table special_balance (
    batch           bigint not null,
    programme       int not null,
    budget_year     smallint not null,
    collected       bigint not null
);
comment on table special_balance is 'What was collected for a programme of an earmarked special account after a batch that changed it: the last row at or before a batch is the figure then';
comment on column special_balance.programme is 'The number of its fund centre in reference_text';
comment on column special_balance.budget_year is 'The year of the day of the receipts';
comment on column special_balance.collected is 'Cents of receipts that limit the expenses of the account; repayments of expenses do not count';
create index special_balance_batch on special_balance using brin (batch);

select protect('special_balance');
