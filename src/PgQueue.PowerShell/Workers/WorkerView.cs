using System.Globalization;

namespace PgQueue.PowerShell;

/// <summary>
/// What a worker does at this moment, in lines at the bottom of the terminal: a total, and the tasks that run. On the
/// pipeline's thread only.
/// </summary>
/// <param name="screen">Where it is drawn.</param>
/// <param name="concurrency">How many tasks the worker runs at once.</param>
/// <param name="progressOf">A running task's own progress.</param>
internal sealed class WorkerView(LiveScreen screen, int concurrency, Func<long, TaskProgress?> progressOf) : IDisposable
{
    private static readonly TimeSpan BetweenFrames = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan BetweenIdleFrames = TimeSpan.FromSeconds(1);

    private readonly Dictionary<long, RunningTask> _running = [];
    private readonly WorkerTotals _totals = new(concurrency);
    private long _drawnAt;
    private bool _changed = true;

    /// <summary>How long the next frame may wait.</summary>
    public TimeSpan Wait
    {
        get
        {
            var left = (_changed || _running.Count > 0 ? BetweenFrames : BetweenIdleFrames)
                - TimeSpan.FromMilliseconds(Environment.TickCount64 - _drawnAt);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    public void Note(WorkerEvent happened)
    {
        _changed = true;
        switch (happened)
        {
            case TaskStarted e:
                _running[e.TaskId] = new RunningTask(e);
                break;
            case TaskFinished e:
                _running.Remove(e.TaskId);
                _totals.Count(e);
                break;
            case TaskDropped e:
                _running.Remove(e.TaskId);
                break;
            default:
                break;
        }
    }

    /// <summary>Makes room for lines above it, to be drawn again at once.</summary>
    public void Lift() => screen.Lift();

    /// <summary>Makes room for what may take its time.</summary>
    public void Clear() => screen.Clear();

    public void Draw()
    {
        _drawnAt = Environment.TickCount64;
        _changed = false;
        var width = LiveScreen.Width;
        var room = Math.Max(0, (LiveScreen.Height / 2) - 1);
        var shown = _running.Values
            .OrderBy(task => task.Since).ThenBy(task => task.Id)
            .Take(_running.Count > room ? Math.Max(0, room - 1) : room).ToList();
        foreach (var task in shown)
        {
            task.Progress = progressOf(task.Id);
        }

        List<string> lines = [_totals.Line(_running.Count, width, screen.Style), .. RunningTask.Rows(shown, width)];
        if (_running.Count > shown.Count && room > 0)
        {
            lines.Add(Cells.Cut(string.Create(CultureInfo.CurrentCulture, $"  + {_running.Count - shown.Count} more"), width));
        }

        screen.Draw(lines);
    }

    public void Dispose() => screen.Dispose();
}
