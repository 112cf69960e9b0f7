using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// What queues hold now, and what they did lately: how many tasks ended how, how long they waited and ran. Once, or with
/// -Watch over and over until Ctrl+C.
/// </summary>
[Cmdlet(VerbsDiagnostic.Measure, "PqQueue", DefaultParameterSetName = "Once")]
[OutputType(typeof(QueueMeasure))]
public sealed partial class MeasureQueueCommand : QueueNameCmdlet
{
    private readonly List<string> _names = [];
    private readonly List<string> _patterns = [];

    /// <summary>Queues of these names; * and ? are wildcards. Default: all.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [Alias("Queue")]
    [NameFrom("Queue")]
    [ArgumentCompleter(typeof(QueueCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>
    /// Count what they did at or after this time, or within so long, such as 1d; a year ago at most. What is older than some
    /// seconds counts from the beginning of the second, minute or hour that the time falls into. Default: 1h.
    /// </summary>
    [Parameter]
    [TimePointTransformation]
    public DateTime? Since { get; set; }

    /// <summary>
    /// Measure again and again until Ctrl+C. A terminal shows the table redrawn in place; where the output is redirected or
    /// piped on, the objects are emitted each time.
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = WatchSet)]
    public SwitchParameter Watch { get; set; }

    /// <summary>The time from one measurement to the next, from 100ms to 1h. Default: 2s.</summary>
    [Parameter(ParameterSetName = WatchSet)]
    [DurationTransformation]
    public TimeSpan? Interval { get; set; }

    private protected override void Process()
    {
        _patterns.AddRange(Name);
        _names.AddRange(FindAll(Name).Select(q => q.Name));
    }

    private protected override void End()
    {
        CheckInterval();
        var period = Period;
        if (period < TimeSpan.Zero)
        {
            throw Argument.Error($"Since '{Since}' is still to come. Give a time that has passed, or how long ago: 30m, 2h, 1d.", Since);
        }

        if (Watch && _patterns.Count > 0)
        {
            WatchQueues();
            return;
        }

        if (_names.Count == 0)
        {
            return;
        }

        var wanted = _names.ToHashSet();
        foreach (var measure in Await(token => Client.MeasureQueuesAsync(null, period, token)).Where(m => wanted.Contains(m.Queue)))
        {
            WriteObject(measure);
        }
    }

    private TimeSpan? Period => Since is { } time ? DateTimeOffset.Now - time : null;
}
