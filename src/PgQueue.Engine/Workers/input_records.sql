select o.task_id, o.text, o.clixml
from unnest($1::bigint[], $2::integer[]) with ordinality as n (id, run, ord)
join {schema}.task_output o on o.task_id = n.id and o.run = n.run
where o.stream = 'output'
order by n.ord, o.seq
