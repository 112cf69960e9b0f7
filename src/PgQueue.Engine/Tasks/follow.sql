select o.task_id, o.run, o.seq, o.at, o.stream::text, o.text, o.clixml
from unnest($1, $2, $3) as f (id, run, seq)
join {schema}.task_output o on o.task_id = f.id and (o.run, o.seq) > (f.run, f.seq)
order by o.task_id, o.run, o.seq
limit $4
