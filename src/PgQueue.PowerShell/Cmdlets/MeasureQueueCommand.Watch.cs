using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <content>Measuring over and over.</content>
public sealed partial class MeasureQueueCommand
{
    private const string WatchSet = "Watch";

    private static readonly TimeSpan UsualInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromHours(1);

    // The table as it always is, in lines.
    private readonly ScriptBlock _format = ScriptBlock.Create("param($Measures, $Width) $Measures | Out-String -Stream -Width $Width");

    private LiveScreen? _screen;

    private protected override void BeforeNotice() => _screen?.Clear();

    private void CheckInterval()
    {
        if (Interval < ShortestInterval || Interval > LongestInterval)
        {
            throw Argument.Error($"Interval '{Interval}' must be from 100 milliseconds to 1 hour.", Interval);
        }
    }

    private void WatchQueues()
    {
        var isLast = MyInvocation.PipelinePosition == MyInvocation.PipelineLength;
        _screen = isLast ? LiveScreen.Open(this) : null;
        try
        {
            var interval = Interval ?? UsualInterval;
            var rates = new QueueRates();
            var clock = Stopwatch.StartNew();
            for (var next = interval; ; next += interval)
            {
                Show(rates, clock.Elapsed);
                if (clock.Elapsed is var now && now > next)
                {
                    // The database takes longer than the interval: what was missed is not made up for.
                    next = now + interval;
                }

                Await(token => Task.Delay(next - clock.Elapsed > TimeSpan.Zero ? next - clock.Elapsed : TimeSpan.Zero, token));
            }
        }
        finally
        {
            _screen?.Keep();
            _screen?.Dispose();
        }
    }

    private void Show(QueueRates rates, TimeSpan now)
    {
        TryAwait(token => Client.MeasureQueuesAsync(_patterns, Period, token), null, out var measures);
        IReadOnlyList<QueueMeasure>? latest = null;
        if (rates.Since(now) is { } since)
        {
            TryAwait(token => Client.MeasureQueuesAsync(_patterns, since, token), null, out latest);
        }

        var all = rates.Of(measures, latest, now);
        if (_screen is { } screen)
        {
            screen.Draw(Lines(measures, all));
            return;
        }

        foreach (var (measure, rate) in measures.Zip(all))
        {
            WriteObject(rate.AddTo(measure));
        }
    }

    private List<string> Lines(IReadOnlyList<QueueMeasure> measures, IReadOnlyList<QueueRate> rates)
    {
        var width = LiveScreen.Width;
        var room = LiveScreen.Height - 1;
        List<string> lines = [string.Create(CultureInfo.CurrentCulture, $"{DateTime.Now:T} · every {DurationText.Of(Interval ?? UsualInterval)} · Ctrl+C ends")];
        lines.AddRange(_format.Invoke(measures, width).Select(line => Cells.WithoutStyle(line.ToString())).Where(line => line.Length > 0));
        lines.AddRange(QueueRate.Rows(rates, width));
        if (lines.Count > room)
        {
            var left = lines.Count - room + 1;
            lines.RemoveRange(Math.Max(0, room - 1), Math.Min(left, lines.Count));
            lines.Add(string.Create(CultureInfo.CurrentCulture, $"+ {left} more lines"));
        }

        return [.. lines.Select(line => Cells.Cut(line, width))];
    }
}
