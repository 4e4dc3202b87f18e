-- What a sender stated about a file beside its reading, so that a lost file that is sent again is decided in the same way.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table submission add column atomic boolean;
comment on column submission.atomic is 'Whether its sender wants all acts of the file accepted, or none; null for submissions of before';

alter table submission add column sepa_only boolean;
comment on column submission.sepa_only is 'Whether its sender wants no payment outside SEPA; null for submissions of before';
