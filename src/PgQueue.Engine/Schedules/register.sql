select {schema}.register_schedule(
    $1, $2, $3, $4, $5, $6::{schema}.overlap_policy, $7::{schema}.missed_policy, $8, $9, $10, $11, $12, $13)
