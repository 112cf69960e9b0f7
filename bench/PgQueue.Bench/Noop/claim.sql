with picked as (
    select id
    from bare.task
    where queue = 'default' and state = 'ready'
    order by priority desc, id
    limit $2
    for update skip locked
)
update bare.task t
set state = 'running', worker_id = $1, started_at = clock_timestamp(), run = t.run + 1, attempt = t.attempt + 1
from picked p
where t.id = p.id
returning t.id, t.spec::text
