select t.id, t.name, t.state::text, t.kind::text, t.run, t.result::text
from {schema}.tasks t
where t.id = any ($1)
