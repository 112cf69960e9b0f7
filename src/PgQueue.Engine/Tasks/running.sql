select id, run, name
from {schema}.task
where state = 'running' and ($1::bigint[] is null or id = any ($1))
order by started_at, id
