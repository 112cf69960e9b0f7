-- The partitions that the last four weeks would have had.
do $$
declare
    week date;
begin
    for week in
        select generate_series(date_trunc('week', now() at time zone 'UTC') - interval '4 weeks',
                               date_trunc('week', now() at time zone 'UTC') - interval '1 week', interval '1 week')::date
    loop
        execute format('create table pgqueue.%I partition of pgqueue.history for values from (%L) to (%L)',
                       'history' || to_char(week, '_IYYY"w"IW'), week::text || ' 00:00:00+00', (week + 7)::text || ' 00:00:00+00');
    end loop;
end
$$
