select id, error::text
from {schema}.history
where id = any ($1) and error is not null
