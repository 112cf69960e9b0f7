using System.Diagnostics;
using System.Threading.Channels;
using Npgsql;
using NpgsqlTypes;

namespace PgQueue;

/// <summary>Tells the database how runs ended, in batches: one statement for all that ended while the last was under way.</summary>
internal sealed class Finisher : IAsyncDisposable
{
    private const int MaxBatch = 1000;

    /// <summary>Characters of results in one statement: the server takes a gigabyte at the most.</summary>
    private const long MaxBatchSize = 16_000_000;

    /// <summary>
    /// Where several ends came together just now, the next wait so long for company: each statement has a commit, and one
    /// for several ends costs little more than one for a single end. One that comes alone waits for nobody, as others may
    /// wait for it.
    /// </summary>
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(5);

    /// <summary>So many are enough.</summary>
    private const int Company = 32;

    private readonly QueueDatabase _database;
    private readonly Func<long> _workerId;
    private readonly Outage _outage;
    private readonly Channel<Pending> _incoming = Channel.CreateUnbounded<Pending>(); // One for a single reader can't be counted.
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _work;

    public Finisher(QueueDatabase database, Func<long> workerId, Outage outage)
    {
        (_database, _workerId, _outage) = (database, workerId, outage);
        _work = Task.Run(RunAsync);
    }

    /// <summary>Returns what became of the task when it is stored; null where it was no longer this worker's.</summary>
    public Task<StoredEnd?> FinishAsync(FinishedRun run)
    {
        var pending = new Pending(run, _workerId(), new(TaskCreationOptions.RunContinuationsAsynchronously));
        _incoming.Writer.TryWrite(pending);
        return pending.Stored.Task;
    }

    /// <summary>Gives up on a database that stays away.</summary>
    public void GiveUp() => _stop.Cancel();

    public async ValueTask DisposeAsync()
    {
        _incoming.Writer.TryComplete();
        await _work.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var batch = new List<Pending>(MaxBatch);
        var stored = Stopwatch.StartNew();
        var hadCompany = false;
        while (await _incoming.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            if (hadCompany && stored.Elapsed < Gather && _incoming.Reader.Count < Company)
            {
                await Task.Delay(Gather).ConfigureAwait(false);
            }

            var size = 0L;
            while (batch.Count < MaxBatch && size < MaxBatchSize && _incoming.Reader.TryRead(out var pending))
            {
                batch.Add(pending);
                size += pending.Run.Outcome.Result?.Length ?? 0;
            }

            foreach (var sameWorker in batch.GroupBy(p => p.WorkerId))
            {
                await StoreAsync([.. sameWorker]).ConfigureAwait(false);
            }

            hadCompany = batch.Count > 1;
            batch.Clear();
            stored.Restart();
        }
    }

    private async Task StoreAsync(List<Pending> batch)
    {
        try
        {
            var ends = await _outage.RetryAsync(token => SendAsync(batch, token), _stop.Token).ConfigureAwait(false);
            foreach (var pending in batch)
            {
                pending.Stored.TrySetResult(ends.GetValueOrDefault(pending.Run.TaskId));
            }
        }
        catch (PostgresException e) when (batch.Count > 1 && DatabaseErrors.IsInData(e))
        {
            // One of them can't be stored: which, shows one by one.
            foreach (var pending in batch)
            {
                await StoreAsync([pending]).ConfigureAwait(false);
            }
        }
        catch (PostgresException e) when (DatabaseErrors.IsInData(e) && batch[0].Run is { Outcome.Result: not null } or { Outcome.Error: not null } && batch[0].Replaced is false)
        {
            var message = $"How the task ended could not be stored: {e.MessageText}.";
            var run = batch[0].Run with
            {
                State = TaskState.Failed,
                RetryIn = null,
                Outcome = RunOutcome.Failed(TaskEnd.Error, message, e.GetType().FullName),
            };
            await StoreAsync([batch[0] with { Run = run, Replaced = true }]).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _outage.Report($"The end of {batch.Count} tasks could not be stored; they will count as lost: {e.Message}");
            batch.ForEach(p => p.Stored.TrySetResult(null));
        }
    }

    private async Task<Dictionary<long, StoredEnd>> SendAsync(List<Pending> batch, CancellationToken cancellationToken)
    {
        var connection = await _database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var command = new NpgsqlCommand(_database.Sql("Workers/finish.sql"), connection);
            await using (command.ConfigureAwait(false))
            {
                command.Parameters.Add(new() { Value = batch[0].WorkerId });
                Add(NpgsqlDbType.Bigint, r => r.TaskId);
                Add(NpgsqlDbType.Integer, r => r.Run);
                Add(NpgsqlDbType.Text, r => DbWords.Of(r.State));
                Add(NpgsqlDbType.Text, r => DbWords.Of(r.Outcome.End));
                Add(NpgsqlDbType.Integer, r => r.Outcome.ExitCode);
                Add(NpgsqlDbType.Integer, r => r.Outcome.Signal);
                Add(NpgsqlDbType.Bigint, r => r.Outcome.PeakMemory);
                Add(NpgsqlDbType.Jsonb, r => r.ErrorJson);
                Add(NpgsqlDbType.Jsonb, r => r.ResultJson);
                Add(NpgsqlDbType.Interval, r => r.RetryIn);
                Add(NpgsqlDbType.Boolean, r => r.Refund);

                var ends = new Dictionary<long, StoredEnd>();
                var rows = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                await using (rows.ConfigureAwait(false))
                {
                    while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
                    {
                        ends[rows.GetInt64(0)] = new(DbWords.Parse<TaskState>(rows.GetString(1)), null);
                    }
                }

                try
                {
                    await AddReasonsAsync(ends, connection, cancellationToken).ConfigureAwait(false);
                }
                catch (NpgsqlException)
                {
                    // The ends are stored: to send them again for a word in the worker's line would make them look refused.
                }

                return ends;

                void Add<T>(NpgsqlDbType type, Func<FinishedRun, T> value) => command.Parameters.Add(new()
                {
                    Value = batch.Select(p => value(p.Run)).ToArray(),
                    NpgsqlDbType = NpgsqlDbType.Array | type,
                });
            }
        }
    }

    /// <summary>The database knows why a task was canceled; the worker does not.</summary>
    private async Task AddReasonsAsync(Dictionary<long, StoredEnd> ends, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var canceled = ends.Where(e => e.Value.State == TaskState.Canceled).Select(e => e.Key).ToArray();
        if (canceled.Length == 0)
        {
            return;
        }

        var command = new NpgsqlCommand(_database.Sql("Workers/cancel_reasons.sql"), connection) { Parameters = { new() { Value = canceled } } };
        await using (command.ConfigureAwait(false))
        {
            var rows = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (rows.ConfigureAwait(false))
            {
                while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    ends[rows.GetInt64(0)] = new(TaskState.Canceled, rows.GetString(1));
                }
            }
        }
    }

    /// <summary>What became of a task after a run.</summary>
    /// <param name="State">Its state now.</param>
    /// <param name="CancelError">Why it was canceled, as it is stored; null where it was not.</param>
    internal sealed record StoredEnd(TaskState State, string? CancelError);

    private sealed record Pending(FinishedRun Run, long WorkerId, TaskCompletionSource<StoredEnd?> Stored)
    {
        public bool Replaced { get; init; }
    }
}
