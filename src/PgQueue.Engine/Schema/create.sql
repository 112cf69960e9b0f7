create schema if not exists {schema};

create table {schema}.migration (
    version     integer primary key,
    name        text not null,
    applied_at  timestamptz not null default now()
);
