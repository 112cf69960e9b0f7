namespace PgQueue;

/// <summary>How often the clocks of a zone show the local times of a stretch.</summary>
internal enum StretchKind
{
    /// <summary>For the first time, mostly the only one.</summary>
    Shown,

    /// <summary>Once more, after the offset went back.</summary>
    Repeated,

    /// <summary>Never: the offset went forward over them.</summary>
    Skipped,
}

/// <summary>Local times in a row that become instants in the same way. All are seconds from 0001-01-01T00:00:00.</summary>
/// <param name="Kind">How often they are shown.</param>
/// <param name="From">The first local time.</param>
/// <param name="To">The end of the local times, exclusive.</param>
/// <param name="Instant">The UTC time of the first one; if skipped, of all of them: the first after the change.</param>
/// <param name="Offset">The offset from UTC at <paramref name="Instant"/>.</param>
internal readonly record struct LocalStretch(StretchKind Kind, long From, long To, long Instant, int Offset)
{
    /// <summary>The first of the local times whose instant is not before one; <see cref="To"/> or later if there is none.</summary>
    public long FirstAt(long instant) =>
        Kind != StretchKind.Skipped ? Math.Max(From, instant + Offset)
        : instant <= Instant ? From
        : To;

    /// <summary>The instant of one of the local times, with the zone's offset then.</summary>
    public DateTimeOffset InstantOf(long local)
    {
        var shown = Kind == StretchKind.Skipped ? Instant + Offset : local;
        return new DateTimeOffset(shown * TimeSpan.TicksPerSecond, TimeSpan.FromSeconds(Offset));
    }
}
