select
    id, name, queue, state::text, kind::text, priority, tags, script, spec::text, timeout, memory_limit,
    process_limit, attempt, max_attempts, lost, max_lost, run, retry::text, client_id, dedupe_key, group_key, group_order::text, needs,
    dead_letter_queue, dead_letter_of, dead_letter_id, replaced_by, schedule, tick, created_at, run_at, expires_at,
    started_at, finished_at, worker, ended::text, exit_code, signal, peak_memory, error::text, result::text,
    cancel_requested_at is not null as cancel_requested
from {schema}.tasks
