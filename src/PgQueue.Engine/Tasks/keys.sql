select count(*)
from unnest($1, $2) as k (client_id, task_id)
join {schema}.client_key using (client_id, task_id)
