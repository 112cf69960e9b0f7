using System.Globalization;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>What a worker has done so far, as a line.</summary>
internal sealed class WorkerTotals(int concurrency)
{
    private const string Rule = "── ";

    private static readonly TimeSpan RateOver = TimeSpan.FromSeconds(10);

    private readonly long _since = Environment.TickCount64;
    private readonly Queue<(long At, int Ended)> _past = [];
    private int _completed;
    private int _failed;
    private int _canceled;
    private int _retried;
    private int _givenBack;

    public void Count(TaskFinished e) => _ = e switch
    {
        { GivenBack: true } => _givenBack++,
        { State: TaskState.Completed } => _completed++,
        { State: TaskState.Failed } => _failed++,
        { State: TaskState.Canceled } => _canceled++,
        _ => _retried++,
    };

    /// <summary>The line in full where it fits, else shorter, and without its last parts.</summary>
    public string Line(int running, int width, PSObject? style)
    {
        var up = DurationText.Of(TimeSpan.FromMilliseconds(Environment.TickCount64 - _since) is var time ? TimeSpan.FromSeconds(Math.Floor(time.TotalSeconds)) : default);
        var rate = Rate();
        string?[] full =
        [
            Text($"{running} of {concurrency} running"), Text($"{_completed:N0} completed"), Some(_failed, "failed"), Some(_retried, "to retry"),
            Some(_canceled, "canceled"), Some(_givenBack, "given back"), Text($"{rate:0.0}/s"), Text($"up {up}"),
        ];
        string?[] brief = [Text($"{running}/{concurrency}"), Text($"{_completed} done"), Some(_failed, "failed"), Some(_retried, "retry"), Text($"{rate:0.0}/s"), Text($"up {up}")];
        var parts = full.OfType<string>().ToList();
        if (Cells.Count(Join(parts)) > width)
        {
            parts = [.. brief.OfType<string>()];
            while (parts.Count > 1 && Cells.Count(Join(parts)) > width)
            {
                parts.RemoveAt(parts.Count - 1);
            }
        }

        var line = Cells.Cut(Join(parts), width);
        line += new string('─', Math.Max(0, width - Cells.Count(line)));
        var failed = Some(_failed, "failed");
        return failed is null ? line : line.Replace(failed, StateColor.PaintError(failed, style), StringComparison.Ordinal);
    }

    private static string Join(IEnumerable<string> parts) => Rule + string.Join(" · ", parts) + " ";

    private static string? Some(int count, string what) => count == 0 ? null : Text($"{count:N0} {what}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.CurrentCulture);

    /// <summary>Runs that ended in a second, over the last ten.</summary>
    private double Rate()
    {
        var now = Environment.TickCount64;
        var ended = _completed + _failed + _canceled + _retried;
        _past.Enqueue((now, ended));
        while (_past.Count > 2 && now - _past.Peek().At > RateOver.TotalMilliseconds)
        {
            _past.Dequeue();
        }

        var (at, before) = _past.Peek();
        return now > at ? (ended - before) * 1000.0 / (now - at) : 0;
    }
}
