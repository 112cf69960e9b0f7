select
    t.id, t.name, t.queue, t.state::text, t.group_key, t.ended::text, t.error ->> 'message', t.attempt, t.max_attempts, t.lost,
    t.finished_at, t.schedule, t.tick,
    p.run, p.attempt, p.worker, p.started_at, p.finished_at, p.ended
from tasks t
left join lateral (
    select r.run, r.attempt, r.worker, r.started_at, r.finished_at, r.ended
    from jsonb_to_recordset(t.past_runs) as r (
        run integer, attempt integer, worker text, started_at timestamptz, finished_at timestamptz, ended text)
    union all
    -- The last run. A task that waits, or ended while it did, has none.
    select t.run, t.attempt, t.worker, t.started_at, coalesce(t.finished_at, 'infinity'), coalesce(t.ended::text, t.state::text)
    where t.started_at is not null
) p on true
order by t.id, p.run
