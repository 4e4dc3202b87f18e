-- Rarely used figures of the budget: what finance laws opened at programmes, and what decrees moved, opened and cancelled.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table decree_balance (
    batch           bigint not null,
    node            int not null,
    measure         smallint not null,
    law             bigint not null,
    amending        bigint not null,
    moved           bigint not null,
    advanced        bigint not null,
    cancelled       bigint not null
);
comment on table decree_balance is 'What limits decrees at a programme after a batch that changed it: the last row at or before a batch is the figure then';
comment on column decree_balance.node is 'As in node_balance; the nodes of ordinary credits of programmes alone have finance laws';
comment on column decree_balance.measure is '1 AE, 2 CP';
comment on column decree_balance.law is 'Cents that the first finance law of the year opened';
comment on column decree_balance.amending is 'Cents that amending laws opened';
comment on column decree_balance.moved is 'Cents that decrees moved within the ministry, to the programme and from it';
comment on column decree_balance.advanced is 'Cents that decrees of advance opened';
comment on column decree_balance.cancelled is 'Cents that decrees cancelled';
create index decree_balance_batch on decree_balance using brin (batch);

select protect('decree_balance');
