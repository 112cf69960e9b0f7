select o.task_id, o.run, o.seq, o.at, o.stream::text, o.text, o.clixml
from {schema}.task_output o
where o.task_id = $1
  and o.run = coalesce($2, (select t.run from {schema}.tasks t where t.id = $1))
  and o.seq > $3
order by o.seq
