copy {schema}.task_output (task_id, run, seq, stream, text, clixml) from stdin (format binary)
