using PgQueue.Protocol;

namespace PgQueue;

/// <summary>
/// The output of one run on its way to the database: numbered, made storable, and cut off with a notice where it is more
/// than the worker keeps.
/// </summary>
/// <param name="taskId">The task.</param>
/// <param name="run">Which run of it.</param>
/// <param name="limit">Characters to keep at the most.</param>
/// <param name="writer">Stores it.</param>
/// <param name="events">Is told of its progress.</param>
internal sealed class RunOutput(long taskId, int run, long limit, OutputWriter writer, EventSink events)
{
    private readonly Lock _lock = new();
    private int _sequence;
    private long _kept;
    private long _dropped;

    /// <summary>Keeps a record. Waits while the database is slower than the task.</summary>
    public ValueTask AddAsync(OutputStream stream, string? text, string? clixml, CancellationToken cancellationToken)
    {
        if (stream == OutputStream.Progress)
        {
            events.Raise(new TaskProgress(taskId, text, clixml));
        }

        OutputRow row;
        var size = (text?.Length ?? 0) + (clixml?.Length ?? 0) + 1;
        lock (_lock)
        {
            if (_kept + size > limit)
            {
                // Once full, nothing more is kept, however small: a gap in the middle would be read as the whole.
                _kept = limit;
                _dropped += size;
                return ValueTask.CompletedTask;
            }

            _kept += size;
            row = Row(stream, text, clixml);
        }

        return writer.AddAsync(row, cancellationToken);
    }

    /// <summary>The run's end is near: what there is is stored while its process ends.</summary>
    public void NearEnd()
    {
        if (_sequence > 0)
        {
            writer.Hurry();
        }
    }

    /// <summary>Adds the notice about what was dropped, if anything was, and waits until all is stored.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        if (_dropped > 0)
        {
            await writer.AddAsync(
                Row(OutputStream.Warning, $"PgQueue: output truncated. {_dropped:N0} of {_kept + _dropped:N0} characters were dropped; the worker keeps {limit:N0} of one run.", null),
                cancellationToken).ConfigureAwait(false);
        }

        if (_sequence > 0)
        {
            await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private OutputRow Row(OutputStream stream, string? text, string? clixml) =>
        new(taskId, run, ++_sequence, stream, StorableText.Clean(text), StorableText.Clean(clixml));
}

/// <summary>A row of task_output.</summary>
internal sealed record OutputRow(long TaskId, int Run, int Sequence, OutputStream Stream, string? Text, string? Clixml)
{
    public int Size => (Text?.Length ?? 0) + (Clixml?.Length ?? 0) + 50;
}
