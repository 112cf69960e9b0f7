select
    name, cron, (extract(epoch from every) * 1000000)::bigint, time_zone, state, next_run, last_tick, last_task_id,
    last_state::text, last_ended::text, last_finished_at,
    (extract(epoch from last_finished_at - last_started_at) * 1000000)::bigint,
    runs, skipped, error, overlap::text, missed::text, missed_limit, (extract(epoch from jitter) * 1000000)::bigint,
    start_at, end_at, max_runs, task::text, created_at, updated_at
from {schema}.schedules
where $1 is null or name ilike any ($1)
order by name
