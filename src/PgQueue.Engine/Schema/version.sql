select coalesce(max(version), 0), coalesce(max(version) filter (where breaking), 0)
from {schema}.migration
