select
    now, name, cron, every_us, time_zone, overlap, missed, missed_limit, start_at, end_at, max_runs, runs, created_at,
    counts_from, resumed_at, next_run, last_tick, unfinished
from {schema}.lock_due_schedules($1, $2)
