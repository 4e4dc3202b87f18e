-- Which programmes a file names, so that keys limited to some of them are shown it or not.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table submission add column programmes text[];
comment on column submission.programmes is 'The programmes that its lines name, where every line that lies in one says so; null where that is not known, and no limited key is shown it';
