using System.Diagnostics;

namespace PgQueue;

/// <summary>
/// The watch on systems other than Linux: over the memory of the child itself, five times a second. Processes are not
/// counted here, so a process limit is not kept; the first one that is asked for gets a warning.
/// </summary>
internal sealed class PortableWatch : ILimitWatch
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly EventSink _events;
    private int _warned;

    public PortableWatch(WorkerOptions options, EventSink events)
    {
        _events = events;
        if (options.ProcessLimit is > 0 and not WorkerOptions.UsualProcessLimit)
        {
            Warn("this worker's");
        }
    }

    public IAsyncDisposable Watch(IChildProcess child, RunControl control)
    {
        if (control.Task.ProcessLimit is not null)
        {
            Warn($"that of task {control.Task.Id}");
        }

        return control.Task.MemoryLimit is { } limit
            ? new Timer(_ => Look(child.Id, control, limit), null, TimeSpan.Zero, Interval)
            : NothingToEnd.Instance;
    }

    public void Dispose()
    {
    }

    private static void Look(int processId, RunControl control, long limit)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            if (process.WorkingSet64 > limit)
            {
                control.Stop(StopReason.Memory);
            }
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It has just ended, and the run is about to.
        }
    }

    private void Warn(string which)
    {
        if (Interlocked.Exchange(ref _warned, 1) == 0)
        {
            _events.Raise(new WorkerWarning($"Process limits, such as {which}, are kept by workers on Linux only; this one does not count processes."));
        }
    }
}
