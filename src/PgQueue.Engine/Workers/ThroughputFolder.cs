using Npgsql;

namespace PgQueue;

/// <summary>
/// Adds up what was finished, so that to measure a queue is cheap whatever it has done: every ten seconds what has been
/// there since the last time.
/// </summary>
internal sealed class ThroughputFolder(QueueDatabase database, WorkerSession session, Outage outage)
    : MaintainerDuty(database, session, outage, "Adding up what was finished", TimeSpan.FromSeconds(10))
{
    private readonly string _fold = database.Qualify("select {schema}.fold_finished()");

    protected override async Task WorkAsync(NpgsqlConnection connection, CancellationToken stop)
    {
        var command = new NpgsqlCommand(_fold, connection);
        await using (command.ConfigureAwait(false))
        {
            await command.ExecuteScalarAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }
}
