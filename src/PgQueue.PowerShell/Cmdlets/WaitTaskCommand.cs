using System.Diagnostics;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// Waits until tasks have finished, and emits each when it has. Where -Timeout ends the wait, an error names those that
/// have not finished.
/// </summary>
[Cmdlet(VerbsLifecycle.Wait, "PqTask")]
[OutputType(typeof(QueueTask))]
public sealed class WaitTaskCommand : TaskIdCmdlet
{
    private const int ReadAtOnce = 5000;

    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(500);

    private readonly HashSet<long> _pending = [];
    private bool _emitted;

    /// <summary>Return when one of them has finished.</summary>
    [Parameter]
    public SwitchParameter Any { get; set; }

    /// <summary>How long to wait at the most, such as 30s. Default: for ever.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? Timeout { get; set; }

    private protected override string? NotInTransaction => "no worker sees its tasks before the commit";

    private protected override void Process() => _pending.UnionWith(Id);

    private protected override void End()
    {
        // A server that is not there from the beginning is an error; one that goes away is waited for.
        _ = Client;
        var all = _pending.Count;
        var clock = Stopwatch.StartNew();
        var progress = new WaitProgress(this, Client, all);
        var watch = Client.Watch(_pending, gathers: !Any);
        try
        {
            // What has finished already first, however short the time.
            var inTime = Take(watch, TimeSpan.Zero, Timeout);
            while (inTime && _pending.Count > 0 && !(Any && _emitted))
            {
                progress.Show(_pending, StopToken);
                var left = Timeout - clock.Elapsed;
                inTime = !(left <= TimeSpan.Zero) && Take(watch, left < Slice ? left.Value : Slice, left);
            }

            if (!inTime)
            {
                WriteTimeout(all);
            }
        }
        finally
        {
            watch.DisposeAsync().AsTask().GetAwaiter().GetResult();
            progress.Close();
        }
    }

    /// <summary>Waits a while, and emits what has finished then.</summary>
    /// <returns>False where the database was away until no time was left.</returns>
    private bool Take(TaskWatch watch, TimeSpan time, TimeSpan? left)
    {
        if (!TryAwait(token => watch.NextAsync(time, token), left, out var ended))
        {
            return false;
        }

        Settle(ended, watch);
        return true;
    }

    /// <summary>Emits those that have finished; leaves out, with an error each, what is not there.</summary>
    private void Settle(IReadOnlyList<long> ids, TaskWatch watch)
    {
        foreach (var part in ids.Chunk(ReadAtOnce))
        {
            var found = Read(part).ToDictionary(task => task.Id);
            foreach (var id in part)
            {
                if (!found.TryGetValue(id, out var task))
                {
                    _pending.Remove(id);
                    WriteTaskNotFound(id);
                }
                else if (!task.IsFinished)
                {
                    watch.Reopen(id);
                }
                else if (!Any || !_emitted)
                {
                    _emitted = true;
                    _pending.Remove(id);
                    WriteObject(task);
                }
            }
        }
    }

    private List<QueueTask> Read(long[] ids)
    {
        TryAwait(token => Client.QueryAsync(new TaskQuery { Ids = ids }, token).ToListAsync(token).AsTask(), null, out var found);
        return found;
    }

    private void WriteTimeout(int all)
    {
        var pending = _pending.Order().ToArray();
        WriteItemError(
            "WaitTimeout",
            ErrorCategory.OperationTimeout,
            $"{pending.Length} of {all} tasks had not finished after {Timeout}: {FirstTen.Of(pending)}. They go on; wait again, or end them with Stop-PqTask.",
            pending);
    }
}
