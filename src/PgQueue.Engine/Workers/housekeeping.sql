select {schema}.ensure_partitions();

delete from {schema}.worker where lost_at < now() - interval '1 day';
