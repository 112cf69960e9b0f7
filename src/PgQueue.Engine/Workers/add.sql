select
    coalesce(jsonb_agg(jsonb_build_array(a.id, a.existing) order by a.ordinal), '[]')::text,
    pg_current_xact_id()::text
from {schema}.add_tasks($1, $2) a
