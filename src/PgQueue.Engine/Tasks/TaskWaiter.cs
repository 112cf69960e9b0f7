using System.Diagnostics;
using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace PgQueue;

/// <summary>
/// Waits for the end of tasks on a session of its own: marks them as watched, so that their end is notified, and looks
/// at them all now and then in case a notification did not come (behind a pooler none does).
/// </summary>
internal sealed class TaskWaiter(QueueDatabase database)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookOften = TimeSpan.FromMilliseconds(250);

    public Task<IReadOnlyList<long>> WaitAsync(
        IReadOnlyCollection<long> ids, bool any, TimeSpan? timeout, CancellationToken cancellationToken) =>
        database.RunAsync<IReadOnlyList<long>>(async connection =>
        {
            var since = Stopwatch.StartNew();
            var pending = new HashSet<long>(ids);
            var done = new List<long>();
            var wanted = any ? Math.Min(1, pending.Count) : pending.Count;

            void Notified(object sender, NpgsqlNotificationEventArgs e)
            {
                if (long.TryParse(e.Payload, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && pending.Remove(id))
                {
                    done.Add(id);
                }
            }

            connection.Notification += Notified;
            try
            {
                await EndChannel.ListenAsync(database, connection, cancellationToken).ConfigureAwait(false);
                await CheckAllExistAsync(connection, pending, cancellationToken).ConfigureAwait(false);
                while (true)
                {
                    await LookAsync(connection, pending, done, cancellationToken).ConfigureAwait(false);
                    var until = since.Elapsed + (database.IsPooler ? LookOften : LookAgain);
                    while (done.Count < wanted && since.Elapsed < until)
                    {
                        var left = (timeout is null || until < timeout ? until : timeout.Value) - since.Elapsed;
                        if (left <= TimeSpan.Zero)
                        {
                            break;
                        }

                        await connection.WaitAtMostAsync(left, cancellationToken).ConfigureAwait(false);
                    }

                    if (done.Count >= wanted || since.Elapsed >= timeout)
                    {
                        return done;
                    }
                }
            }
            finally
            {
                // The pool forgets the LISTEN itself when the connection goes back.
                connection.Notification -= Notified;
            }
        }, cancellationToken);

    private async Task CheckAllExistAsync(NpgsqlConnection connection, HashSet<long> ids, CancellationToken cancellationToken)
    {
        var missing = await ReadIdsAsync(
            connection, "select i from unnest($1) i where not exists (select from {schema}.tasks t where t.id = i) order by i", ids, cancellationToken)
            .ConfigureAwait(false);
        if (missing.Count > 0)
        {
            throw new QueueException(QueueError.TaskNotFound, $"There is no task {string.Join(", ", missing.Take(10))}{(missing.Count > 10 ? ", …" : "")} to wait for.");
        }
    }

    private async Task LookAsync(NpgsqlConnection connection, HashSet<long> pending, List<long> done, CancellationToken cancellationToken)
    {
        var open = await ReadIdsAsync(
            connection, "select * from {schema}.watch_tasks($1)", pending, cancellationToken).ConfigureAwait(false);
        foreach (var id in pending.Except(open).ToList())
        {
            pending.Remove(id);
            done.Add(id);
        }
    }

    private async Task<List<long>> ReadIdsAsync(
        NpgsqlConnection connection, string sql, HashSet<long> ids, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(database.Qualify(sql), connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new() { Value = ids.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
            var rows = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (rows.ConfigureAwait(false))
            {
                var found = new List<long>();
                while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    found.Add(rows.GetInt64(0));
                }

                return found;
            }
        }
    }
}
