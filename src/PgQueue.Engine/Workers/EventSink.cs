using System.Runtime.ExceptionServices;

namespace PgQueue;

/// <summary>Tells the worker's listener of events, one at a time. A listener that fails is told nothing more.</summary>
internal sealed class EventSink(Action<WorkerEvent>? tell)
{
    private readonly Lock _lock = new();

    public bool HasListener => tell is not null;

    /// <summary>What the listener threw.</summary>
    public ExceptionDispatchInfo? Failure { get; private set; }

    /// <summary>The listener has failed: its tasks must not suffer, but the worker is to end.</summary>
    public event Action? Failed;

    public void Raise(WorkerEvent e)
    {
        if (tell is null)
        {
            return;
        }

        lock (_lock)
        {
            if (Failure is not null)
            {
                return;
            }

            try
            {
                tell(e);
            }
            catch (Exception failure)
            {
                Failure = ExceptionDispatchInfo.Capture(failure);
                Failed?.Invoke();
            }
        }
    }
}
