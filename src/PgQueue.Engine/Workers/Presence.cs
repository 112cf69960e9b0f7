using Npgsql;

namespace PgQueue;

/// <summary>What a worker lets the others know: whether it sleeps, so that whoever adds a task wakes it.</summary>
internal sealed class Presence(QueueDatabase database, WorkerSession session)
{
    private bool _asleep;
    private long _workerId;

    /// <summary>True where the others do not know that yet. One that can't be woken has nothing to tell.</summary>
    public bool IsNews(bool asleep) => !database.IsPooler && (asleep != _asleep || session.WorkerId != _workerId);

    public async Task SetAsleepAsync(bool asleep, CancellationToken cancellationToken)
    {
        var workerId = session.WorkerId;
        await ScalarAsync(
            "update {schema}.worker set asleep = $2 where id = $1", [new() { Value = workerId }, new() { Value = asleep }], cancellationToken).ConfigureAwait(false);
        (_asleep, _workerId) = (asleep, workerId);
    }

    /// <summary>Whether the worker's queues hold anything that is still to come to an end.</summary>
    public async Task<bool> HasWorkAsync(WorkerIdentity identity, CancellationToken cancellationToken) =>
        await ScalarAsync(
            "select {schema}.has_work($1, $2, $3, $4)", [identity.Filter.Queues(), .. identity.Filter.Others()], cancellationToken).ConfigureAwait(false) is true;

    private async Task<object?> ScalarAsync(string sql, NpgsqlParameter[] parameters, CancellationToken cancellationToken)
    {
        var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var command = new NpgsqlCommand(database.Qualify(sql), connection);
            await using (command.ConfigureAwait(false))
            {
                command.Parameters.AddRange(parameters);
                return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
