-- Whose transactions have held locks on the schema's tables for longer than $2, the oldest first. Of other roles' sessions
-- a mere owner learns neither that nor what they do.
select
    h.pid,
    coalesce(a.usename::text, x.owner::text) as role,
    a.application_name,
    a.client_addr::text,
    coalesce(a.state, 'prepared as ' || x.gid) as state,
    extract(epoch from clock_timestamp() - coalesce(a.xact_start, x.prepared))::double precision as seconds,
    a.query
from (
    select distinct l.pid, l.virtualtransaction
    from pg_locks l
    join pg_class c on c.oid = l.relation
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = $1
      and l.database = (select d.oid from pg_database d where d.datname = current_database())
      and l.granted
      and l.pid is distinct from pg_backend_pid()
) h
left join pg_stat_activity a on a.pid = h.pid
-- A prepared transaction has no session.
left join pg_locks own
    on h.pid is null and own.locktype = 'transactionid' and own.virtualtransaction = h.virtualtransaction
left join pg_prepared_xacts x on x.transaction = own.transactionid
where (coalesce(a.xact_start, x.prepared) < clock_timestamp() - $2::interval) is not false
order by coalesce(a.xact_start, x.prepared) nulls last
limit 5
