-- From when on the rules of 0037_roles.sql hold: verification judges by them the keys, systems and signers that are younger.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table separation_rule (
    since           timestamptz primary key
);
comment on table separation_rule is 'From when on roles that exclude each other are not in one key, system or signer, and no sender orders and accounts: what is older keeps its roles';

select protect('separation_rule'), cover('separation_rule');

insert into separation_rule (since) select applied_at from migration where name = '0037_roles.sql';
