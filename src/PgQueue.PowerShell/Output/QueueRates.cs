namespace PgQueue.PowerShell;

/// <summary>What queues do in a second, from one measurement to the next.</summary>
internal sealed class QueueRates
{
    private readonly Dictionary<string, long> _unfinished = [];
    private TimeSpan? _last;

    /// <summary>The time since the last measurement; null at the first.</summary>
    public TimeSpan? Since(TimeSpan now) => now > _last ? now - _last : null;

    /// <summary>The rates of queues.</summary>
    /// <param name="measures">What they hold now.</param>
    /// <param name="latest">What they did since the last measurement; null at the first.</param>
    /// <param name="now">When this was measured.</param>
    /// <returns>A rate for each, in their order.</returns>
    public IReadOnlyList<QueueRate> Of(IReadOnlyList<QueueMeasure> measures, IReadOnlyList<QueueMeasure>? latest, TimeSpan now)
    {
        var seconds = Since(now)?.TotalSeconds;
        var did = latest?.ToDictionary(m => m.Queue);
        var rates = measures.Select(measure => Of(measure, did?.GetValueOrDefault(measure.Queue), seconds)).ToList();
        _unfinished.Clear();
        foreach (var measure in measures)
        {
            _unfinished[measure.Queue] = Unfinished(measure);
        }

        _last = now;
        return rates;
    }

    private QueueRate Of(QueueMeasure measure, QueueMeasure? did, double? seconds)
    {
        if (seconds is not { } time || did is null)
        {
            return new QueueRate(measure.Queue, null, null, null);
        }

        // What was added is there, or has ended since. Tasks that were removed or restarted blur it, below zero at worst.
        var added = Unfinished(measure) - _unfinished.GetValueOrDefault(measure.Queue) + did.Completed + did.Failed + did.Canceled;
        return new QueueRate(measure.Queue, Math.Max(0, added / time), did.Completed / time, did.Failed / time);
    }

    private static long Unfinished(QueueMeasure measure) => measure.Scheduled + measure.Blocked + measure.Ready + measure.Running;
}
