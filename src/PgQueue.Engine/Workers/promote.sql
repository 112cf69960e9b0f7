with promoted as materialized (
    select {schema}.promote_due()
)
select {schema}.next_due() from promoted
