select
    w.id, w.name, w.host, w.process_id, w.version, w.queues, w.concurrency,
    (select count(*) from {schema}.task t where t.worker_id = w.id and t.state = 'running')::integer as running,
    case
        when w.lost_at is not null then 'lost'
        when w.stop_requested = 'now' then 'stopping'
        when w.stop_requested = 'drain' then 'draining'
        when w.asleep then 'idle'
        -- Behind a pooler none says that it sleeps.
        when w.lease_until is not null
            and not exists (select from {schema}.task t where t.worker_id = w.id and t.state = 'running') then 'idle'
        else 'busy'
    end as state,
    w.started_at, w.seen_at, w.lost_at, w.filter::text
from {schema}.worker w
where w.lost_at is null or w.lost_at > now() - interval '1 day'
order by w.id
