-- The newest tasks whose ids begin as a pattern says, some of each state. Looks at a bounded number of rows, however many
-- there are.
select
    r.id,
    left(coalesce(r.name, r.spec ->> 'method', (r.spec ->> 'file') || arguments.text, s.text), 200),
    r.queue,
    r.state::text
from (
    (
        select id, name, queue, state, kind, spec, script_hash
        from {schema}.task
        where state = 'running'
        order by id desc
        limit 2000
    )
    union all
    (
        select id, name, queue, state, kind, spec, script_hash
        from (select * from {schema}.task order by id desc limit 2000) t
        where state <> 'running'
    )
    union all
    (
        select id, name, queue, state, kind, spec, script_hash
        from {schema}.history
        where state = 'failed'
        order by finished_at desc
        limit 2000
    )
    union all
    (
        select id, name, queue, state, kind, spec, script_hash
        from (select * from {schema}.history order by id desc limit 2000) h
        where state <> 'failed'
    )
) r
left join {schema}.script s on s.hash = r.script_hash
cross join lateral (
    select coalesce(string_agg(' ' || a.value, '' order by a.n), '') as text
    from jsonb_array_elements_text(
        case when r.kind = 'command' and jsonb_typeof(r.spec -> 'args') = 'array' then r.spec -> 'args' else '[]' end
    ) with ordinality a (value, n)
) arguments
where r.state = any ($1::{schema}.task_state[]) and r.id::text like $2
order by r.id desc
limit $3
