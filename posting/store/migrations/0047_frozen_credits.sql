-- Rarely used figures of the budget: credits that are frozen, by node.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table frozen_balance (
    batch           bigint not null,
    node            int not null,
    ae_frozen       bigint not null,
    cp_frozen       bigint not null,
    ae_frozen_here  bigint not null,
    cp_frozen_here  bigint not null
);
comment on table frozen_balance is 'What is frozen at a node after a batch that changed it: the last row at or before a batch is the figure then';
comment on column frozen_balance.ae_frozen is 'Cents of AE frozen at the node and below it; they are part of ae_reserved of node_balance';
comment on column frozen_balance.ae_frozen_here is 'Cents of AE frozen at the node itself, which it neither passes on nor gives back';
comment on column node_balance.ae_reserved is 'Cents of AE reserved, those frozen included: see frozen_balance';
comment on column node_balance.cp_reserved is 'Cents of CP reserved, those frozen included: see frozen_balance';
create index frozen_balance_batch on frozen_balance using brin (batch);

select protect('frozen_balance');
