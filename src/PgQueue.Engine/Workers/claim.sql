select
    id, run, attempt, max_attempts, queue, priority, kind::text, name, script_hash, spec::text, timeout, memory_limit,
    retry::text
from {schema}.claim_tasks($1, $2, $3)
