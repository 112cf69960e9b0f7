-- What the newest tasks have as their name, tag or the like. Looks at a bounded number of rows.
with recent as (
    (select name, tags, group_key, client_id, error from {schema}.task order by id desc limit 2000)
    union all
    (select name, tags, group_key, client_id, error from {schema}.history order by id desc limit 2000)
    union all
    (
        select null, null, null, null, error
        from {schema}.history
        where state = 'failed' and $1 = 'error_type'
        order by finished_at desc
        limit 2000
    )
)
select distinct word
from (
    select
        case $1
            when 'name' then name
            when 'group' then group_key
            when 'client_id' then client_id
            when 'error_type' then error ->> 'type'
        end as word
    from recent
    union all
    select unnest(tags) from recent where $1 = 'tag'
) w
where word ilike $2
order by word
limit 200
