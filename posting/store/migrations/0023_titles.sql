-- Rarely used figures of the budget: what finance laws opened and what was committed in advance, by programme and title.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table title_balance (
    batch           bigint not null,
    programme       int not null,
    budget_year     smallint not null,
    title           smallint not null,
    opened          bigint not null,
    anticipated     bigint not null
);
comment on table title_balance is 'A title''s figures after a batch that changed them: the last row at or before a batch is the figure then';
comment on column title_balance.programme is 'Number of the programme in reference_text, kind 1';
comment on column title_balance.opened is 'Cents of AE that finance laws opened, initial and amending';
comment on column title_balance.anticipated is 'Cents of AE that were committed before the budget year began';
create index title_balance_batch on title_balance using brin (batch);

select protect('title_balance');
