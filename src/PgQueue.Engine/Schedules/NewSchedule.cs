using System.Globalization;

namespace PgQueue;

/// <summary>A schedule to register: what to run, and when.</summary>
public sealed record NewSchedule
{
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromDays(3650);

    /// <summary>Its name, 1 to 200 characters; <c>*</c> and <c>?</c> can't be among them. Registering it again changes the schedule.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// What is added at each tick. Named like the schedule where it has no name. Of the settings of a task it can't have
    /// those that only one task can have: its client id and its time.
    /// </summary>
    public required NewTask Task { get; init; }

    /// <summary>A cron expression of 5 or 6 fields, or a macro; see <see cref="CronExpression"/>. Either this or <see cref="Every"/>.</summary>
    public string? Cron { get; init; }

    /// <summary>The time between two ticks, 1 second to 3650 days, counted from <see cref="StartAt"/>, else from the registration.</summary>
    public TimeSpan? Every { get; init; }

    /// <summary>The time zone whose clocks <see cref="Cron"/> means, as an IANA or Windows id; UTC.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>What happens while the previous task has not finished.</summary>
    public OverlapPolicy Overlap { get; init; } = OverlapPolicy.Skip;

    /// <summary>What happens to ticks that were missed.</summary>
    public MissedPolicy Missed { get; init; } = MissedPolicy.Once;

    /// <summary>How many missed ticks are made up for at the most where all are, 1 to 10,000; 100.</summary>
    public int MissedLimit { get; init; } = 100;

    /// <summary>Each run is put off by a random time up to this, so that schedules of one time don't all start together; none where null.</summary>
    public TimeSpan? Jitter { get; init; }

    /// <summary>No tick before this time.</summary>
    public DateTimeOffset? StartAt { get; init; }

    /// <summary>No tick after this time.</summary>
    public DateTimeOffset? EndAt { get; init; }

    /// <summary>It ends after so many runs; never where null.</summary>
    public int? MaxRuns { get; init; }

    /// <summary>Whether it runs. Null makes a new one active, and leaves one that was suspended so.</summary>
    public bool? Active { get; init; }

    /// <exception cref="QueueException">A setting can't be used.</exception>
    internal void Validate()
    {
        Require(Name is { Length: >= 1 and <= 200 } && Name.AsSpan().IndexOfAny('*', '?', '\0') < 0, nameof(Name), Name, "must have 1 to 200 characters, without * and ?");
        Require((Cron is null) != (Every is null), nameof(Name), Name, Cron is null
            ? "has no rhythm: give Cron, such as '0 2 * * *', or Every, such as 15 minutes"
            : "has both Cron and Every: give one of them");
        Require(Every is null || Every >= ShortestInterval, nameof(Every), Every, "is too short: one second is the shortest interval");
        Require(Every is null || Every <= LongestInterval, nameof(Every), Every, "must be 3650 days at the most");
        Require(Jitter is null || (Jitter >= TimeSpan.Zero && Jitter <= LongestInterval), nameof(Jitter), Jitter, "must be from 0 to 3650 days");
        Require(MissedLimit is >= 1 and <= 10_000, nameof(MissedLimit), MissedLimit, "must be from 1 to 10000");
        Require(MaxRuns is null or >= 1, nameof(MaxRuns), MaxRuns, "must be at least 1");
        Require(Enum.IsDefined(Overlap), nameof(Overlap), Overlap, "must be Skip, Allow or Queue");
        Require(Enum.IsDefined(Missed), nameof(Missed), Missed, "must be Skip, Once or All");
        Require(EndAt is null || StartAt is null || EndAt > StartAt, nameof(EndAt), Text(EndAt), $"must be later than StartAt '{Text(StartAt)}'");
        ValidateRhythm();
        ValidateTask();
    }

    private static string? Text(DateTimeOffset? time) => time?.ToString("yyyy-MM-dd HH:mm:sszzz", CultureInfo.InvariantCulture);

    private void ValidateRhythm()
    {
        if (Cron is not null)
        {
            _ = Rhythm.OfCron(Cron, TimeZone);
        }
        else
        {
            _ = TimeZones.Find(TimeZone);
        }
    }

    private void ValidateTask()
    {
        const string OnlyOne = "can't be repeated: leave it out";
        Require(Task.Kind is not null, nameof(Task.Kind), null, "is needed: what is to run?");
        Require(Task.ClientId is null, nameof(Task.ClientId), Task.ClientId, OnlyOne);
        Require(Task.RunAt is null, nameof(Task.RunAt), Task.RunAt, OnlyOne);
        Require(Task.Delay is null, nameof(Task.Delay), Task.Delay, OnlyOne);
        Require(Task.ExpiresAt is null, nameof(Task.ExpiresAt), Task.ExpiresAt, "can't be repeated: give ExpireAfter");
        Require(Task.After is null, nameof(Task.After), string.Join(", ", Task.After ?? []), OnlyOne);
        Require(Task.AfterAny is null, nameof(Task.AfterAny), string.Join(", ", Task.AfterAny ?? []), OnlyOne);
        Task.Validate();
    }

    private static void Require(bool condition, string name, object? value, string rule)
    {
        if (!condition)
        {
            throw new QueueException(QueueError.InvalidArgument, $"{name} '{value}' {rule}.");
        }
    }
}
