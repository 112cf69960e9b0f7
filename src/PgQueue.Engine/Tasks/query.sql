select
    id, name, queue, state::text, kind::text, priority, tags, script, spec::text, timeout, memory_limit,
    attempt, max_attempts, lost, run, client_id, dedupe_key, created_at, run_at, started_at, finished_at,
    worker, ended::text, exit_code, signal, peak_memory, error::text, result::text,
    cancel_requested_at is not null as cancel_requested
from {schema}.tasks
