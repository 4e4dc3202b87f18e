-- A rarely used figure of the budget: what was withdrawn of commitments of earlier years, by node of the year of the withdrawal.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table withdrawn_balance (
    batch           bigint not null,
    node            int not null,
    withdrawn       bigint not null
);
comment on table withdrawn_balance is 'What was withdrawn at a node after a batch that changed it: the last row at or before a batch is the figure then';
comment on column withdrawn_balance.node is 'As in node_balance';
comment on column withdrawn_balance.withdrawn is 'Cents of AE of earlier commitments that were withdrawn and are not available again: AE consumed less this is what is reported';
create index withdrawn_balance_batch on withdrawn_balance using brin (batch);
create index withdrawn_balance_node on withdrawn_balance (node, batch);

select protect('withdrawn_balance');
