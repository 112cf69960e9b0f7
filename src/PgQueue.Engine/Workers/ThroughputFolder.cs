using Npgsql;

namespace PgQueue;

/// <summary>
/// Adds up what was finished, so that to measure a queue is cheap whatever it has done: every ten seconds what has been
/// there since the last time.
/// </summary>
internal sealed class ThroughputFolder(QueueDatabase database, WorkerSession session, Outage outage)
    : MaintainerDuty(session, outage, "Adding up what was finished", TimeSpan.FromSeconds(10))
{
    protected override async Task WorkAsync(CancellationToken stop)
    {
        var connection = await database.OpenAsync(CancellationToken.None).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var command = new NpgsqlCommand(database.Qualify("select {schema}.fold_finished()"), connection);
            await using (command.ConfigureAwait(false))
            {
                await command.ExecuteScalarAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
    }
}
