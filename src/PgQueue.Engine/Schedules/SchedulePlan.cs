namespace PgQueue;

/// <summary>What is to be done for a schedule that is due. Decided from its row alone, by the database's clock.</summary>
internal sealed record SchedulePlan
{
    /// <summary>A tick that is no later than this was not missed: maintainers change, servers restart.</summary>
    internal static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>The same for the newest tick of those that are due.</summary>
    internal static readonly TimeSpan NewestGrace = TimeSpan.FromMinutes(1);

    /// <summary>The most ticks that are run at once; what is left is due again.</summary>
    private const int MostTicks = 500;

    /// <summary>Where more ticks than this were passed over at once, so many are counted.</summary>
    private const int CountedSkips = 1000;

    public required string Name { get; init; }

    /// <summary>The ticks to run, ascending.</summary>
    public IReadOnlyList<DateTimeOffset> Ticks { get; init; } = [];

    /// <summary>Each task waits for the one before.</summary>
    public bool Waits { get; init; }

    /// <summary>Ticks passed over.</summary>
    public long Skipped { get; init; }

    /// <summary>Up to here all ticks are done with; null where none was due.</summary>
    public DateTimeOffset? LastTick { get; init; }

    public DateTimeOffset? NextRun { get; init; }

    /// <summary>There is no next run.</summary>
    public bool Ended => NextRun is null && Error is null;

    /// <summary>Why the schedule can't be read.</summary>
    public string? Error { get; init; }

    public static SchedulePlan Of(ScheduleRow row)
    {
        try
        {
            return Of(row, row.Rhythm());
        }
        catch (QueueException e)
        {
            return new SchedulePlan { Name = row.Name, Error = e.Message };
        }
    }

    private static SchedulePlan Of(ScheduleRow row, Rhythm rhythm)
    {
        var until = Earlier(row.Now, row.EndAt);
        if (Left(row) == 0 || FirstOf(row, rhythm) is not { } first || first > (row.EndAt ?? first))
        {
            return new SchedulePlan { Name = row.Name };
        }

        if (first > until)
        {
            return new SchedulePlan { Name = row.Name, NextRun = first };
        }

        // No rhythm has more ticks in time than one a second.
        var wanted = (row.Missed == MissedPolicy.All ? row.MissedLimit : 1) + (int)Grace.TotalSeconds + 1;
        var due = Newest(rhythm, wanted, first, until);
        var older = due[0] == first ? 0 : 1 + rhythm.Count(first, due[0], CountedSkips);
        var chosen = Choose(row, due);
        if (chosen.Ticks.Count > MostTicks)
        {
            var passed = due.TakeWhile(t => t < chosen.Ticks[0]).Count();
            var now = chosen.Ticks.Take(MostTicks).ToList();
            return chosen with { Ticks = now, Skipped = older + passed, LastTick = now[^1], NextRun = chosen.Ticks[MostTicks] };
        }

        var next = rhythm.After(due[^1]);
        return chosen with
        {
            Skipped = older + due.Count - chosen.Ticks.Count,
            LastTick = due[^1],
            NextRun = next > row.EndAt ? null : next,
        };
    }

    /// <summary>What the row says, which may have been set by hand; unless that was run already, or it says nothing.</summary>
    private static DateTimeOffset? FirstOf(ScheduleRow row, Rhythm rhythm)
    {
        if (row.NextRun > (row.LastTick ?? DateTimeOffset.MinValue))
        {
            return row.NextRun;
        }

        var from = Later(row.CountsFrom, row.LastTick);
        // The start itself may be a tick.
        return rhythm.After(Later(from, row.StartAt?.AddTicks(-1)));
    }

    private static IReadOnlyList<DateTimeOffset> Newest(Rhythm rhythm, int count, DateTimeOffset first, DateTimeOffset until)
    {
        var later = rhythm.Newest(count, first, until);
        return later.Count < count ? [first, .. later] : later;
    }

    private static SchedulePlan Choose(ScheduleRow row, IReadOnlyList<DateTimeOffset> due)
    {
        var missed = due.TakeWhile(t => IsMissed(row, t, t == due[^1])).ToList();
        var onTime = due.Skip(missed.Count).ToList();
        var makesUp = row.Missed == MissedPolicy.All && missed.Count > 0;
        List<DateTimeOffset> ticks = row.Missed switch
        {
            MissedPolicy.All => [.. missed.TakeLast(row.MissedLimit), .. onTime],
            MissedPolicy.Once when onTime.Count == 0 => [missed[^1]],
            _ => onTime,
        };
        if (row.Overlap == OverlapPolicy.Skip && !makesUp)
        {
            // The task of the first is unfinished when the others come.
            ticks = row.Unfinished ? [] : [.. ticks.Take(1)];
        }

        return new SchedulePlan
        {
            Name = row.Name,
            Ticks = [.. ticks.Take(Left(row))],
            // What was missed must not overlap either: it runs one after the other.
            Waits = row.Overlap == OverlapPolicy.Queue || (row.Overlap == OverlapPolicy.Skip && makesUp),
        };
    }

    private static bool IsMissed(ScheduleRow row, DateTimeOffset tick, bool isNewest) =>
        tick <= row.ResumedAt || row.Now - tick > (isNewest ? NewestGrace : Grace);

    private static int Left(ScheduleRow row) => (int)Math.Clamp((row.MaxRuns ?? int.MaxValue) - row.Runs, 0, int.MaxValue);

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset? b) => b < a ? b.Value : a;

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset? b) => b > a ? b.Value : a;
}
