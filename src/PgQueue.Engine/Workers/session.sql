-- A worker whose machine vanished must lose its lock soon: the server asks after 5 s of silence, and gives up 6 s later.
set tcp_keepalives_idle = 5;
set tcp_keepalives_interval = 2;
set tcp_keepalives_count = 3;
set tcp_user_timeout = 11000;
set idle_in_transaction_session_timeout = 0;
