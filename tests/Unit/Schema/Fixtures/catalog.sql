-- What the schema pgqueue consists of, one line for each piece, but for the partitions of the weeks.
with piece as (
    select c.oid, c.relname, c.relkind, c.reloptions, c.relpersistence
    from pg_class c
    where c.relnamespace = 'pgqueue'::regnamespace
      and c.relname !~ '_[0-9]{4}w[0-9]{2}'
),
line as (
    select format('relation %s %s %s %s', relname, relkind, relpersistence, reloptions) as text
    from piece
    where relkind <> 'i' and relkind <> 'I'
    union all
    select format(
        'column %s %s. %s %s not null %s default %s identity %s generated %s', p.relname,
        row_number() over (partition by a.attrelid order by a.attnum), a.attname,
        format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated)
    from piece p
    join pg_attribute a on a.attrelid = p.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = p.oid and d.adnum = a.attnum
    where p.relkind in ('r', 'p', 'v')
    union all
    select format('constraint %s %s %s', p.relname, c.conname, pg_get_constraintdef(c.oid))
    from piece p
    join pg_constraint c on c.conrelid = p.oid
    union all
    select format('index %s %s', pg_get_indexdef(p.oid), p.reloptions)
    from piece p
    where p.relkind in ('i', 'I')
    union all
    select format('trigger %s %s', p.relname, pg_get_triggerdef(t.oid))
    from piece p
    join pg_trigger t on t.tgrelid = p.oid and not t.tgisinternal
    union all
    select format('view %s %s', p.relname, pg_get_viewdef(p.oid))
    from piece p
    where p.relkind = 'v'
    union all
    select format('function %s', pg_get_functiondef(f.oid))
    from pg_proc f
    where f.pronamespace = 'pgqueue'::regnamespace
    union all
    select format('type %s %s', t.typname, string_agg(e.enumlabel, ', ' order by e.enumsortorder))
    from pg_type t
    join pg_enum e on e.enumtypid = t.oid
    where t.typnamespace = 'pgqueue'::regnamespace
    group by t.typname
    union all
    select format('migration %s %s breaking %s', version, name, breaking) from pgqueue.migration
)
select array_agg(text order by text collate "C") from line
