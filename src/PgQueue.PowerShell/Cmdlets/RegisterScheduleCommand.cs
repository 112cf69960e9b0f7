using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// Makes a schedule, or changes the one of that name, and emits it. A schedule that is changed keeps its history, and with
/// the same rhythm its next run; one that was suspended stays so.
/// </summary>
[Cmdlet(VerbsLifecycle.Register, "PqSchedule", DefaultParameterSetName = ScriptSet, SupportsShouldProcess = true)]
[OutputType(typeof(ScheduleInfo))]
public sealed class RegisterScheduleCommand : NewTaskCmdlet
{
    // Boxed, see ModuleLifetime.
    private object? _overlap;
    private object? _missed;
    private TaskWork _work = null!;

    /// <summary>The schedule's name. Its tasks are named like it.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ScheduleCompleter))]
    public string Name { get; set; } = null!;

    /// <summary>The script to run, in a fresh PowerShell. It knows none of the caller's variables but those it names as $using:, with their values at the registration.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = ScriptSet)]
    public override ScriptBlock ScriptBlock
    {
        get => base.ScriptBlock;
        set => base.ScriptBlock = value;
    }

    /// <summary>Arguments by position.</summary>
    [Parameter(Position = 2)]
    [Alias("Args")]
    [AllowNull]
    [AllowEmptyCollection]
    public override object?[]? ArgumentList
    {
        get => base.ArgumentList;
        set => base.ArgumentList = value;
    }

    /// <summary>When it runs: minute, hour, day of month, month, day of week, such as '0 2 * * MON-FRI'; with a leading field for the second, or a macro such as @daily. Either this or -Every.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? Cron { get; set; }

    /// <summary>The time from run to run, such as 15m, at least 1s, counted from -StartAt, else from the registration. Either this or -Cron.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [DurationTransformation]
    public TimeSpan? Every { get; set; }

    /// <summary>The time zone whose clocks -Cron means: an IANA or Windows id, or what Get-TimeZone returns. Default: UTC.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [TimeZoneTransformation]
    [ArgumentCompleter(typeof(TimeZoneCompleter))]
    public string TimeZone { get; set; } = "UTC";

    /// <summary>What happens at a tick while the previous task has not finished: Skip passes it over, Allow runs both, Queue lets the new one wait. Default: Skip.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public OverlapPolicy Overlap
    {
        get => (OverlapPolicy)(_overlap ?? OverlapPolicy.Skip);
        set => _overlap = value;
    }

    /// <summary>What happens to ticks at which no worker ran or the schedule was suspended: Skip passes them over, Once makes up for all with one run, All for each. Default: Once.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public MissedPolicy Missed
    {
        get => (MissedPolicy)(_missed ?? MissedPolicy.Once);
        set => _missed = value;
    }

    /// <summary>How many missed ticks are made up for at the most, the newest of them. Default: 100.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public int MissedLimit { get; set; } = 100;

    /// <summary>Put each run off by a random time up to this, such as 5m.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [DurationTransformation]
    public TimeSpan? Jitter { get; set; }

    /// <summary>No run before this time.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public DateTime? StartAt { get; set; }

    /// <summary>No run after this time.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public DateTime? EndAt { get; set; }

    /// <summary>It ends after so many runs.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public int? MaxRuns { get; set; }

    /// <summary>Suspended until Resume-PqSchedule. -Inactive:$false resumes one that was suspended.</summary>
    [Parameter]
    public SwitchParameter Inactive { get; set; }

    private protected override object? ErrorTarget => Name ?? base.ErrorTarget;

    private protected override void Begin() => _work = ReadWork();

    private protected override void Process()
    {
        try
        {
            Register();
        }
        catch (QueueException e) when (MyInvocation.ExpectingInput && ErrorRecords.IsOfItem(e))
        {
            WriteError(ErrorRecords.From(e, Name)!);
        }
    }

    private void Register()
    {
        var schedule = new NewSchedule
        {
            Name = Name,
            Task = Settings(_work),
            Cron = Cron,
            Every = Every,
            TimeZone = TimeZone,
            Overlap = Overlap,
            Missed = Missed,
            MissedLimit = MissedLimit,
            Jitter = Jitter,
            StartAt = StartAt,
            EndAt = EndAt,
            MaxRuns = MaxRuns,
            Active = MyInvocation.BoundParameters.ContainsKey(nameof(Inactive)) ? !Inactive : null,
        };
        schedule.Validate();
        if (!ShouldProcess($"Schedule '{Name}'", "Register, or change the one there is"))
        {
            return;
        }

        var registered = Await(token => Client.RegisterScheduleAsync(schedule, token));
        if (registered.State == ScheduleState.Ended)
        {
            WriteWarning($"The schedule '{Name}' has no run to come.");
        }

        WriteObject(registered);
    }
}
