insert into {schema}.task (queue, kind, spec)
select 'default', 'method', jsonb_build_object('method', 'noop', 'args', jsonb_build_array(i)) from generate_series(1, $1) i
