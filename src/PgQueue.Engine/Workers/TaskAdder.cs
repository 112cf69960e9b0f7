using Npgsql;
using NpgsqlTypes;
using PgQueue.Protocol;

namespace PgQueue;

/// <summary>
/// Adds tasks for the worker's own children, which have no credentials. While the database is away it tries again; an
/// answer that was lost on the way does not make it add twice.
/// </summary>
internal sealed class TaskAdder(QueueDatabase database, Outage outage) : IDisposable
{
    /// <summary>Children that add at once: the pool's other connections are for claiming and finishing.</summary>
    private const int AtOnce = 2;

    private readonly SemaphoreSlim _turn = new(AtOnce);

    /// <summary>Adds all the tasks or none. Never fails: what goes wrong is the answer.</summary>
    /// <param name="request">The tasks.</param>
    /// <param name="stop">Nobody waits for the answer any more.</param>
    public async Task<TasksAdded> AddAsync(AddTasks request, CancellationToken stop)
    {
        try
        {
            await _turn.WaitAsync(stop).ConfigureAwait(false);
            try
            {
                var attempt = new Attempt(request);
                var rows = await outage.RetryAsync(token => AddAsync(attempt, token), stop).ConfigureAwait(false);
                return new TasksAdded { Id = request.Id, Rows = rows };
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (Exception e)
        {
            // The child waits for an answer, whatever it is.
            var error = await SchemaSkew.ExplainAsync(database, e).ConfigureAwait(false)
                ?? DatabaseErrors.Translate(e, database.Server, database.Schema)
                ?? e as QueueException
                ?? new QueueException(QueueError.Database, $"The worker could not add the tasks: {e.Message}", e);
            return new TasksAdded
            {
                Id = request.Id,
                Error = new AddError { Error = error.Error.ToString(), Message = error.Message, TaskId = error.TaskId },
            };
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task<string> AddAsync(Attempt attempt, CancellationToken cancellationToken)
    {
        var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            if (attempt.Transaction is { } uncertain && await IsCommittedAsync(connection, uncertain, cancellationToken).ConfigureAwait(false))
            {
                return attempt.Rows;
            }

            attempt.Transaction = null;
            var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                var number = await AddAsync(connection, attempt, cancellationToken).ConfigureAwait(false);

                // From here on only the database knows whether it was done.
                attempt.Transaction = number;
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return attempt.Rows;
            }
        }
    }

    /// <returns>The transaction's number.</returns>
    private async Task<string> AddAsync(NpgsqlConnection connection, Attempt attempt, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(database.Sql("Workers/add.sql"), connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new() { Value = attempt.Tasks, NpgsqlDbType = NpgsqlDbType.Jsonb });
            command.Parameters.Add(new() { Value = attempt.Shared, NpgsqlDbType = NpgsqlDbType.Jsonb });
            var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (row.ConfigureAwait(false))
            {
                await row.ReadAsync(cancellationToken).ConfigureAwait(false);
                attempt.Rows = row.GetString(0);
                return row.GetString(1);
            }
        }
    }

    private static async Task<bool> IsCommittedAsync(NpgsqlConnection connection, string transaction, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand("select pg_xact_status($1::text::xid8)", connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new() { Value = transaction });
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) switch
            {
                "committed" => true,
                "in progress" => throw new TimeoutException("The server has not noticed yet that the connection broke."),
                _ => false,
            };
        }
    }

    /// <summary>What is known of one request from try to try.</summary>
    private sealed class Attempt(AddTasks request)
    {
        public string Tasks { get; } = request.Tasks.GetRawText();

        public string Shared { get; } = request.Shared.GetRawText();

        /// <summary>The last try's transaction, once its commit was asked for.</summary>
        public string? Transaction { get; set; }

        public string Rows { get; set; } = "";
    }
}
