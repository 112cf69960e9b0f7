select
    id, run, attempt, max_attempts, queue, priority, kind::text, name, script_hash, spec::text, timeout, memory_limit,
    process_limit, retry::text, needs, schedule, tick
from {schema}.claim_tasks($1, $2, $3, $4, $5, $6, $7, $8, $9)
