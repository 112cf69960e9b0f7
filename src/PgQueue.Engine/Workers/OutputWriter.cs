using System.Threading.Channels;
using Npgsql;
using NpgsqlTypes;

namespace PgQueue;

/// <summary>Appends the output of all of a worker's runs to task_output, in batches by COPY. One reader, many writers.</summary>
internal sealed class OutputWriter : IAsyncDisposable
{
    /// <summary>Characters that may wait for the database before tasks have to.</summary>
    private const long MaxPending = 32_000_000;

    private const int MaxBatch = 4_000_000;

    /// <summary>How long a first record may wait for company; who follows a task sees it that much later.</summary>
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(50);

    private readonly QueueDatabase _database;
    private readonly Outage _outage;
    private readonly Channel<object> _incoming = Channel.CreateUnbounded<object>(new() { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly Signal _hurry = new();
    private readonly Task _work;
    private long _pending;
    private TaskCompletionSource _room = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public OutputWriter(QueueDatabase database, Outage outage)
    {
        _database = database;
        _outage = outage;
        _work = Task.Run(RunAsync);
    }

    public async ValueTask AddAsync(OutputRow row, CancellationToken cancellationToken)
    {
        while (Interlocked.Read(ref _pending) > MaxPending)
        {
            var room = Volatile.Read(ref _room).Task;
            if (Interlocked.Read(ref _pending) > MaxPending)
            {
                await room.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        Interlocked.Add(ref _pending, row.Size);
        _incoming.Writer.TryWrite(row);
    }

    /// <summary>Returns when all that was added before is stored.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        var stored = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _incoming.Writer.TryWrite(stored);
        Hurry();
        await stored.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What was added so far need not wait for company.</summary>
    public void Hurry() => _hurry.Set();

    /// <summary>Gives up on a database that stays away.</summary>
    public void GiveUp() => _stop.Cancel();

    public async ValueTask DisposeAsync()
    {
        _incoming.Writer.TryComplete();
        await _stop.CancelAsync().ConfigureAwait(false);
        await _work.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var batch = new List<OutputRow>();
        var flushes = new List<TaskCompletionSource>();
        while (await _incoming.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
        {
            await _hurry.WaitAsync(Gather, _stop.Token).ConfigureAwait(false);
            var size = 0;
            while (size < MaxBatch && _incoming.Reader.TryRead(out var item))
            {
                if (item is OutputRow row)
                {
                    batch.Add(row);
                    size += row.Size;
                }
                else
                {
                    flushes.Add((TaskCompletionSource)item);
                }
            }

            await StoreAsync(batch, flushes, size).ConfigureAwait(false);
            batch.Clear();
            flushes.Clear();
        }
    }

    private async Task StoreAsync(List<OutputRow> batch, List<TaskCompletionSource> flushes, int size)
    {
        try
        {
            if (batch.Count > 0)
            {
                await _outage.RetryAsync(token => CopyAsync(batch, token), _stop.Token).ConfigureAwait(false);
            }

            flushes.ForEach(f => f.TrySetResult());
        }
        catch (Exception e)
        {
            // The tasks must not fail for their output's sake: their end is told all the same, the loss reported.
            _outage.Report($"Output of {batch.Select(r => r.TaskId).Distinct().Count()} tasks could not be stored: {e.Message}");
            flushes.ForEach(f => f.TrySetResult());
        }
        finally
        {
            Interlocked.Add(ref _pending, -size);
            Interlocked.Exchange(ref _room, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        }
    }

    private async Task CopyAsync(List<OutputRow> batch, CancellationToken cancellationToken)
    {
        var connection = await _database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var import = await connection.BeginBinaryImportAsync(_database.Sql("Workers/output.sql"), cancellationToken).ConfigureAwait(false);
            await using (import.ConfigureAwait(false))
            {
                foreach (var row in batch)
                {
                    await import.StartRowAsync(cancellationToken).ConfigureAwait(false);
                    await import.WriteAsync(row.TaskId, NpgsqlDbType.Bigint, cancellationToken).ConfigureAwait(false);
                    await import.WriteAsync(row.Run, NpgsqlDbType.Integer, cancellationToken).ConfigureAwait(false);
                    await import.WriteAsync(row.Sequence, NpgsqlDbType.Integer, cancellationToken).ConfigureAwait(false);
                    await WriteTextAsync(import, DbWords.Of(row.Stream), cancellationToken).ConfigureAwait(false);
                    await WriteTextAsync(import, row.Text, cancellationToken).ConfigureAwait(false);
                    await WriteTextAsync(import, row.Clixml, cancellationToken).ConfigureAwait(false);
                }

                await import.CompleteAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>As an untyped value, so that an enumeration's label goes as well as a text.</summary>
    private static Task WriteTextAsync(NpgsqlBinaryImporter import, string? text, CancellationToken cancellationToken) => text is null
        ? import.WriteNullAsync(cancellationToken)
        : import.WriteAsync(text, NpgsqlDbType.Unknown, cancellationToken);
}
