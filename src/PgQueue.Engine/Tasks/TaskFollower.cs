using Npgsql;
using NpgsqlTypes;

namespace PgQueue;

/// <summary>
/// Follows tasks through all their runs. Output is not notified: it is looked for at a gentle rate; the end of a task
/// wakes at once. After a failure the next look opens a connection anew and goes on where the last one was. One caller at a
/// time.
/// </summary>
internal sealed class TaskFollower(QueueClient client, IReadOnlyCollection<long> ids) : IAsyncDisposable
{
    private const int MaxRecords = 1000;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly HashSet<long> _new = [.. ids];
    private readonly Dictionary<long, (int Run, int Sequence)> _seen = [];
    private NpgsqlConnection? _connection;
    private bool _more;

    /// <summary>True where nothing more can come.</summary>
    public bool IsDone => _new.Count == 0 && _seen.Count == 0;

    /// <summary>Follows more tasks from the next look on.</summary>
    public void Add(IEnumerable<long> more) => _new.UnionWith(more.Where(id => !_seen.ContainsKey(id)));

    /// <summary>Follows a task no more.</summary>
    public void Remove(long id)
    {
        _new.Remove(id);
        _seen.Remove(id);
    }

    /// <summary>What is new; waits a moment where it may be nothing yet.</summary>
    public async Task<FollowStep> NextAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_connection is null)
            {
                await OpenAsync(cancellationToken).ConfigureAwait(false);
            }
            else if (!_more && _new.Count == 0)
            {
                await _connection.WaitAtMostAsync(Interval, cancellationToken).ConfigureAwait(false);
            }

            if (_new.Count > 0)
            {
                await BeginAsync(_connection!, cancellationToken).ConfigureAwait(false);
            }

            return await LookAsync(_connection!, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await DisposeAsync().ConfigureAwait(false);
            if (e is OperationCanceledException)
            {
                throw;
            }

            throw await client.Database.TranslateAsync(e).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await EndChannel.ReleaseAsync(client.Database, _connection).ConfigureAwait(false);
            _connection = null;
        }
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        _connection = await client.Database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await EndChannel.ListenAsync(client.Database, _connection, cancellationToken).ConfigureAwait(false);
        await WatchAsync(_connection, _seen.Keys, cancellationToken).ConfigureAwait(false);
    }

    private async Task BeginAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await WatchAsync(connection, _new, cancellationToken).ConfigureAwait(false);

        // What a task wrote in runs before this one has been told by others.
        var runs = await ReadAsync(
            connection, "select id, run from {schema}.tasks where id = any ($1)", [Ids(_new)],
            row => (Id: row.GetInt64(0), Run: row.GetInt32(1)), cancellationToken).ConfigureAwait(false);
        foreach (var id in _new)
        {
            _seen[id] = (0, 0);
        }

        runs.ForEach(r => _seen[r.Id] = (r.Run, 0));
        _new.Clear();
    }

    private async Task WatchAsync(NpgsqlConnection connection, IReadOnlyCollection<long> watched, CancellationToken cancellationToken)
    {
        if (watched.Count > 0)
        {
            await ReadAsync(
                connection, "select * from {schema}.watch_tasks($1)", [Ids(watched)], row => row.GetInt64(0), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<FollowStep> LookAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // First who goes on, then what was written: of one that has ended by then, nothing more can come.
        var open = await ReadAsync(
            connection, "select id, state = 'running' from {schema}.task where id = any ($1)", [Ids(_seen.Keys)],
            row => (Id: row.GetInt64(0), Running: row.GetBoolean(1)), cancellationToken).ConfigureAwait(false);
        var output = await ReadOutputAsync(connection, cancellationToken).ConfigureAwait(false);
        output.ForEach(o => _seen[o.TaskId] = (o.Run, o.Sequence));
        _more = output.Count == MaxRecords;

        var gone = _more ? [] : _seen.Keys.Except(open.Select(o => o.Id)).ToHashSet();
        var ended = gone.Count == 0
            ? []
            : await client.QueryAsync(new TaskQuery { Ids = gone }, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false);
        gone.ExceptWith(ended.Select(t => t.Id));

        // One that somebody has restarted meanwhile goes on.
        ended.RemoveAll(t => !t.IsFinished);
        ended.ForEach(t => _seen.Remove(t.Id));
        foreach (var id in gone)
        {
            _seen.Remove(id);
        }

        return new FollowStep
        {
            Output = output,
            Finished = ended,
            Removed = [.. gone],
            Running = [.. open.Where(o => o.Running).Select(o => o.Id)],
            Waiting = open.Count(o => !o.Running),
        };
    }

    private Task<List<TaskOutput>> ReadOutputAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => ReadAsync(
        connection,
        client.Database.Sql("Tasks/follow.sql"),
        [
            Ids(_seen.Keys),
            new() { Value = _seen.Values.Select(s => s.Run).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer },
            new() { Value = _seen.Values.Select(s => s.Sequence).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer },
            new() { Value = MaxRecords },
        ],
        TaskOutput.Read,
        cancellationToken);

    private async Task<List<T>> ReadAsync<T>(
        NpgsqlConnection connection, string sql, NpgsqlParameter[] parameters, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(client.Database.Qualify(sql), connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.AddRange(parameters);
            var rows = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (rows.ConfigureAwait(false))
            {
                var found = new List<T>();
                while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    found.Add(read(rows));
                }

                return found;
            }
        }
    }

    private static NpgsqlParameter Ids(IReadOnlyCollection<long> ids) =>
        new() { Value = ids.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint };
}
