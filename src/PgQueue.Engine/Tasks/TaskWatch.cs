using System.Diagnostics;
using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace PgQueue;

/// <summary>
/// Waits for the ends of many tasks, step by step. They are marked as watched once, so that their ends are notified, and
/// looked at now and then in case a notification did not come (behind a pooler none does), less often the longer a look
/// takes. After a failure the next step opens a connection anew.
/// </summary>
/// <param name="database">The queue's database.</param>
/// <param name="ids">The tasks.</param>
/// <param name="gathers">Ends that come shortly after a first one are told with it; where false, each is at once.</param>
internal sealed class TaskWatch(QueueDatabase database, IEnumerable<long> ids, bool gathers = true) : IAsyncDisposable
{
    /// <summary>Tasks marked in one transaction, which holds their rows.</summary>
    private const int MarkAtOnce = 5000;

    private const int LooksShare = 20;

    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookOften = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a first notification waits for company where many are watched.</summary>
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(50);

    private readonly HashSet<long> _open = [.. ids];
    private readonly List<long> _ended = [];
    private readonly Stopwatch _sinceLook = new();
    private TimeSpan _untilLook;
    private NpgsqlConnection? _connection;

    /// <summary>Those that have ended or are there no more since the last step; none where the time ran out.</summary>
    public async Task<IReadOnlyList<long>> NextAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        try
        {
            var clock = Stopwatch.StartNew();
            if (_connection is null)
            {
                _connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
                _connection.Notification += Notified;
                await EndChannel.ListenAsync(database, _connection, cancellationToken).ConfigureAwait(false);
                await LookAsync(_connection, cancellationToken).ConfigureAwait(false);
            }

            while (_ended.Count == 0 && _open.Count > 0 && clock.Elapsed < time)
            {
                var untilLook = _untilLook - _sinceLook.Elapsed;
                if (untilLook <= TimeSpan.Zero)
                {
                    await LookAsync(_connection, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                var left = time - clock.Elapsed;
                await _connection.WaitAtMostAsync(left < untilLook ? left : untilLook, cancellationToken).ConfigureAwait(false);
            }

            if (gathers && _ended.Count > 0 && _open.Count > 0 && clock.Elapsed < time)
            {
                await _connection.WaitAtMostAsync(Gather, cancellationToken).ConfigureAwait(false);
            }

            List<long> ended = [.. _ended];
            _ended.Clear();
            return ended;
        }
        catch (Exception e)
        {
            await DisposeAsync().ConfigureAwait(false);
            if (e is OperationCanceledException)
            {
                throw;
            }

            throw await database.TranslateAsync(e).ConfigureAwait(false);
        }
    }

    /// <summary>Watches on one that has not ended for good: somebody has restarted it.</summary>
    public void Reopen(long id) => _open.Add(id);

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            _connection.Notification -= Notified;
            await EndChannel.ReleaseAsync(database, _connection).ConfigureAwait(false);
            _connection = null;
        }
    }

    private void Notified(object sender, NpgsqlNotificationEventArgs e)
    {
        if (long.TryParse(e.Payload, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && _open.Remove(id))
        {
            _ended.Add(id);
        }
    }

    private async Task LookAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        foreach (var part in _open.Order().Chunk(MarkAtOnce))
        {
            var open = await StillOpenAsync(connection, part, cancellationToken).ConfigureAwait(false);
            _ended.AddRange(part.Where(id => !open.Contains(id) && _open.Remove(id)));
        }

        var usual = database.IsPooler ? LookOften : LookAgain;
        _untilLook = usual > clock.Elapsed * LooksShare ? usual : clock.Elapsed * LooksShare;
        _sinceLook.Restart();
    }

    private async Task<HashSet<long>> StillOpenAsync(NpgsqlConnection connection, long[] part, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(database.Qualify("select * from {schema}.watch_tasks($1)"), connection)
        {
            Parameters = { new() { Value = part, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint } },
        };
        await using (command.ConfigureAwait(false))
        {
            var rows = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (rows.ConfigureAwait(false))
            {
                var open = new HashSet<long>();
                while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    open.Add(rows.GetInt64(0));
                }

                return open;
            }
        }
    }
}
