namespace PgQueue;

/// <summary>What happens at a tick while the schedule's previous task has not finished.</summary>
public enum OverlapPolicy : long
{
    /// <summary>The tick is passed over, and counted as skipped.</summary>
    Skip,

    /// <summary>Both run at once.</summary>
    Allow,

    /// <summary>The new task waits for the end of the one before.</summary>
    Queue,
}

/// <summary>What happens to ticks at which nothing could be started: no worker ran, or the schedule was suspended.</summary>
public enum MissedPolicy : long
{
    /// <summary>They are passed over.</summary>
    Skip,

    /// <summary>One run makes up for all of them.</summary>
    Once,

    /// <summary>Each is made up for, the newest of them up to a limit; one after the other, unless overlap is allowed.</summary>
    All,
}

/// <summary>Where a schedule stands.</summary>
public enum ScheduleState : long
{
    /// <summary>It runs at its times.</summary>
    Active,

    /// <summary>It does nothing until it is resumed.</summary>
    Suspended,

    /// <summary>It has had its last run.</summary>
    Ended,

    /// <summary>It can't run for the reason in <see cref="ScheduleInfo.Error"/>, and is tried again every minute.</summary>
    Error,
}
