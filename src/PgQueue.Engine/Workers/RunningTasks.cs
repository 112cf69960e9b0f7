using System.Collections.Concurrent;

namespace PgQueue;

/// <summary>The tasks a worker has in hand: from their claim until the database knows their end.</summary>
internal sealed class RunningTasks
{
    private readonly ConcurrentDictionary<long, RunControl> _all = new();
    private int _unended;
    private bool _strays;

    /// <summary>Tasks that have not ended: those in the worker's places, and those claimed ahead that wait for one.</summary>
    public int Count => Volatile.Read(ref _unended);

    /// <summary>How many of each queue.</summary>
    public IEnumerable<KeyValuePair<string, int>> ByQueue() => _all.Values.CountBy(control => control.Task.Queue);

    /// <summary>All in hand, those among them whose end is still to be stored.</summary>
    public int Held => _all.Count;

    public long[] Ids => [.. _all.Keys];

    /// <summary>Those that <see cref="Count"/> counts.</summary>
    public IReadOnlyList<ClaimedTask> Unended() => [.. _all.Values.Where(control => !control.HasEnded).Select(control => control.Task)];

    /// <summary>The database may hold tasks as this worker's that it does not know: an answer was lost.</summary>
    public void SuspectStrays() => Volatile.Write(ref _strays, true);

    /// <summary>True once after such a suspicion.</summary>
    public bool TakeSuspicion() => Interlocked.Exchange(ref _strays, false);

    public RunControl Add(ClaimedTask task)
    {
        if (_all.TryGetValue(task.Id, out var other) && other.Task.Run >= task.Run)
        {
            // A server that took over gave the number to another task: what runs here under it is nobody's.
            other.Stop(StopReason.Lost);
        }

        Interlocked.Increment(ref _unended);
        return _all[task.Id] = new RunControl(task);
    }

    /// <summary>Its process has ended, or it got no place for one; the database does not know yet.</summary>
    public void NoteEnd(RunControl control)
    {
        control.HasEnded = true;
        Interlocked.Decrement(ref _unended);
    }

    /// <summary>Only this very run's entry: the same task may have been claimed anew meanwhile.</summary>
    public void Remove(RunControl control) => _all.TryRemove(KeyValuePair.Create(control.Task.Id, control));

    public void Stop(IEnumerable<long> ids, StopReason reason)
    {
        foreach (var id in ids)
        {
            if (_all.TryGetValue(id, out var control))
            {
                control.Stop(reason);
            }
        }
    }

    public void StopAll(StopReason reason) => Stop(_all.Keys, reason);
}
