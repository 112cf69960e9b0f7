using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>The progress of waiting for tasks: how many have finished, and the bars of some that run.</summary>
/// <param name="cmdlet">Who waits.</param>
/// <param name="client">The queue.</param>
/// <param name="all">How many are waited for.</param>
internal sealed class WaitProgress(PSCmdlet cmdlet, QueueClient client, int all)
{
    /// <summary>Tasks whose bars are shown at once; a terminal has no room for more.</summary>
    private const int MostBars = 8;

    /// <summary>Up to so many ids are sent to ask which of them run; beyond that all that run are read.</summary>
    private const int MostAsked = 1000;

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(450);

    private readonly bool _wanted = Terminal.WantsProgress(cmdlet);
    private readonly TaskBars _bars = new(cmdlet, named: all > 1);
    private readonly Dictionary<long, (RunningNow Task, int After)> _shown = [];
    private long _shownAt = Environment.TickCount64;

    /// <summary>Shows it, twice a second at the most; nothing of a wait that is over before that.</summary>
    public void Show(HashSet<long> pending, CancellationToken cancellationToken)
    {
        if (!_wanted || Environment.TickCount64 - _shownAt < Between.TotalMilliseconds)
        {
            return;
        }

        _shownAt = Environment.TickCount64;
        cmdlet.WriteProgress(Total(all - pending.Count, ProgressRecordType.Processing));
        try
        {
            ShowBars(pending, cancellationToken);
        }
        catch (QueueException e) when (e.IsTransient)
        {
            // The wait itself will notice that the database is away, and tell.
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <summary>Takes all away.</summary>
    public void Close()
    {
        if (_wanted)
        {
            _bars.Close();
            cmdlet.WriteProgress(Total(all, ProgressRecordType.Completed));
        }
    }

    private void ShowBars(HashSet<long> pending, CancellationToken cancellationToken)
    {
        var running = client.GetRunningAsync(pending.Count <= MostAsked ? pending : null, cancellationToken).GetAwaiter().GetResult();
        Choose([.. running.Where(task => pending.Contains(task.Id)).Take(MostBars)]);
        if (_shown.Count > 0)
        {
            var runs = _shown.Values.Select(s => (s.Task.Id, s.Task.Run, s.After)).ToList();
            foreach (var record in client.GetProgressAsync(runs, cancellationToken).GetAwaiter().GetResult())
            {
                var (task, _) = _shown[record.TaskId];
                _shown[record.TaskId] = (task, record.Sequence);
                _bars.Show(record, task.Name);
            }
        }
    }

    /// <summary>Those that run on keep their bars; the bars of others are taken away.</summary>
    private void Choose(IReadOnlyList<RunningNow> running)
    {
        foreach (var (old, _) in _shown.Values.Where(s => !running.Contains(s.Task)).ToList())
        {
            _shown.Remove(old.Id);
            _bars.Close(old.Id);
        }

        foreach (var task in running)
        {
            _shown.TryAdd(task.Id, (task, 0));
        }
    }

    private ProgressRecord Total(int finished, ProgressRecordType type) => new(0, "Waiting for tasks", $"{finished} of {all} finished")
    {
        PercentComplete = all == 0 ? 100 : (int)(100L * finished / all),
        RecordType = type,
    };
}
