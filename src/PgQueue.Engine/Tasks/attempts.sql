select
    t.id, r.run, r.attempt, r.worker, r.started_at, r.finished_at, r.ended, r.exit_code, r.signal, r.peak_memory, r.error
from {schema}.tasks t
cross join lateral (
    select
        p.run, p.attempt, p.worker, p.started_at, p.finished_at, p.ended, p.exit_code, p.signal, p.peak_memory,
        p.error::text
    from jsonb_to_recordset(t.past_runs) as p (
        run integer, attempt integer, worker text, started_at timestamptz, finished_at timestamptz, ended text,
        exit_code integer, signal integer, peak_memory bigint, error jsonb)
    union all
    -- The run it is in, or ended with. A task that ended while it waited has none; a waiting one's error is that of its
    -- run before.
    select
        t.run, t.attempt, t.worker, t.started_at, t.finished_at, t.ended::text, t.exit_code, t.signal, t.peak_memory,
        case when t.finished_at is not null then t.error::text end
    where t.started_at is not null
) r
where t.id = any ($1)
order by array_position($1, t.id), r.run
