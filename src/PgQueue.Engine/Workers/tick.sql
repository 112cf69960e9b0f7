select alive, stop_requested, canceled, maintainer, stands_in, schema_version, needed_version
from {schema}.worker_tick($1, $2, $3)
