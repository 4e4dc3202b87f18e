-- Who opens credits does nothing else: the role of the budget directorate stands alone.  And the senders of Crescendo's own
-- acts have no keys.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table access_key add constraint directorate_alone
    check (not ('budget_directorate' = any(roles) and cardinality(roles) > 1)) not valid;
comment on constraint directorate_alone on access_key is 'Who opens credits neither spends, allots nor pays them';

alter table access_grant add constraint directorate_alone_in_a_grant
    check (not ('budget_directorate' = any(roles) and cardinality(roles) > 1)) not valid;

alter table signer add constraint signer_directorate_alone
    check (not ('budget_directorate' = any(roles) and cardinality(roles) > 1)) not valid;

alter table access_key add constraint sender_not_reserved check (sender not in ('treasury', 'bank', 'closing')) not valid;

alter table access_grant add constraint sender_of_a_grant_not_reserved check (sender not in ('treasury', 'bank', 'closing')) not valid;

alter table signer add constraint signer_sender_not_reserved check (sender not in ('treasury', 'bank', 'closing')) not valid;
