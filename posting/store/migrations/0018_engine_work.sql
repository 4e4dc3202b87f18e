-- Work that an engine does for other processes: files that they register, and tasks.  Rows of tasks are only ever added.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table engine add column spool text;
comment on column engine.spool is 'Identity of the spool whose registered files the engine at work decides; null if it decides only its own';
