select id, state::text
from {schema}.finish_tasks(
    $1, $2, $3, $4::{schema}.task_state[], $5::{schema}.task_end[], $6, $7, $8, $9, $10, $11, $12)
