namespace PgQueue.Unit.Schedules;

/// <summary>
/// The slow and simple way to find occurrences, to compare with: walks over every instant of a window, writes down what the
/// zone's clocks show, then looks at every local time of the window.
/// </summary>
internal sealed class WallClock
{
    // What is shown twice is shown within 28 hours.
    private static readonly TimeSpan s_margin = TimeSpan.FromHours(30);

    private readonly Dictionary<DateTime, List<DateTime>> _shown = [];
    private readonly List<(DateTime Before, DateTime After, DateTime Instant)> _jumps = [];
    private readonly (DateTime From, DateTime To, TimeSpan Step) _window;

    public WallClock(TimeZoneInfo zone, DateTime from, DateTime to, TimeSpan step)
    {
        _window = (from, to, step);
        DateTime? before = null;
        for (var utc = from - s_margin; utc < to + s_margin; utc += step)
        {
            var local = DateTime.SpecifyKind(utc + zone.GetUtcOffset(utc), DateTimeKind.Unspecified);
            if (!_shown.TryAdd(local, [utc]))
            {
                _shown[local].Add(utc);
            }

            if (before is { } last && local > last + step)
            {
                _jumps.Add((last, local, utc));
            }

            before = local;
        }
    }

    /// <summary>The instants in the window at which something happens that belongs to the local times that match.</summary>
    public List<DateTime> Occurrences(Func<DateTime, bool> matches, bool isInterval)
    {
        var found = new SortedSet<DateTime>();
        var last = _shown.Keys.Max();
        for (var local = _shown.Keys.Min(); local <= last; local += _window.Step)
        {
            if (matches(local))
            {
                found.UnionWith(InstantsOf(local, isInterval));
            }
        }

        return [.. found.Where(utc => utc > _window.From && utc < _window.To)];
    }

    private IEnumerable<DateTime> InstantsOf(DateTime local, bool isInterval)
    {
        if (_shown.TryGetValue(local, out var instants))
        {
            return isInterval ? instants : instants.Take(1);
        }

        return _jumps.Where(j => j.Before < local && local < j.After).Select(j => j.Instant);
    }
}
