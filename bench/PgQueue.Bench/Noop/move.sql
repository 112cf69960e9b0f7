-- The statement that moves a batch to the history with all columns that both tables have.
select format(
    'with gone as (delete from bare.task where id = any ($1) returning *) '
    'insert into bare.history (state, ended, finished_at, %1$s) select ''completed'', ''success'', clock_timestamp(), %1$s from gone',
    string_agg(quote_ident(t.attname), ', '))
from pg_attribute t
join pg_attribute h on h.attrelid = 'bare.history'::regclass and h.attname = t.attname and h.attnum > 0
where t.attrelid = 'bare.task'::regclass and t.attnum > 0 and t.attname <> 'state'
