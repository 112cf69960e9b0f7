select o.task_id, o.run, o.seq, o.at, o.stream::text, o.text, o.clixml
from unnest($1, $2, $3) as r (id, run, seq)
cross join lateral (
    select * from {schema}.task_output o
    where o.task_id = r.id and o.run = r.run and o.seq > r.seq
    order by o.seq desc
    limit $4
) as o
where o.stream = 'progress'
order by o.task_id, o.run, o.seq
