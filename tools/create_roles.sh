#!/bin/sh
# The two roles of a ledger, as docs/production.md says. compose.yaml has PostgreSQL run this when it creates its folder.
set -eu
psql --set=ON_ERROR_STOP=1 --set=owner="$OWNER_PASSWORD" --set=service="$SERVICE_PASSWORD" \
     --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" <<'SQL'
create role crescendo_owner login password :'owner';
create role crescendo_service login password :'service';
select format('alter database %I owner to crescendo_owner', current_database()) \gexec
SQL
