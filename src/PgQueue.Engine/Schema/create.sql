create table {schema}.migration (
    version     integer primary key,
    name        text not null,
    -- Workers that don't know it must not go on.
    breaking    boolean not null default true,
    applied_at  timestamptz not null default now()
);
