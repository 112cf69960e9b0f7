-- A worker whose machine vanished must lose its locks soon: the server asks after 5 s of silence, and gives up 6 s later.
-- Behind a pooler nothing is set, and no row returned: the session is another's a moment later.
select
    set_config('tcp_keepalives_idle', '5', false),
    set_config('tcp_keepalives_interval', '2', false),
    set_config('tcp_keepalives_count', '3', false),
    set_config('tcp_user_timeout', '11000', false),
    set_config('idle_in_transaction_session_timeout', '0', false)
where pg_backend_pid() = $1
