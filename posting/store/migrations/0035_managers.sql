-- Who manages a programme orders in its name or for its authorising officer, and so is never the accountant (decree 2012-1246,
-- art. 9).  Keys, systems and signers from before keep their roles.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table access_key add constraint manager_not_accountant
    check (not roles @> array['programme_manager', 'assigned_accountant']) not valid;
comment on constraint manager_not_accountant on access_key is 'Who manages credits does not pay: the two functions are incompatible';

alter table access_grant add constraint manager_of_a_grant_not_accountant
    check (not roles @> array['programme_manager', 'assigned_accountant']) not valid;

alter table signer add constraint signer_manager_not_accountant
    check (not roles @> array['programme_manager', 'assigned_accountant']) not valid;
