using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>What queues hold now, and what they did lately: how many tasks ended how, how long they waited and ran.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "PqQueue")]
[OutputType(typeof(QueueMeasure))]
public sealed class MeasureQueueCommand : QueueNameCmdlet
{
    private readonly List<string> _names = [];

    /// <summary>Queues of these names; * and ? are wildcards. Default: all.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [Alias("Queue")]
    [NameFrom("Queue")]
    [ArgumentCompleter(typeof(QueueCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Count what they did at or after this time, or within so long, such as 1d. Default: 1h.</summary>
    [Parameter]
    [TimePointTransformation]
    public DateTime? Since { get; set; }

    private protected override void Process() => _names.AddRange(FindAll(Name).Select(q => q.Name));

    private protected override void End()
    {
        var period = Since is { } time ? DateTimeOffset.Now - time : (TimeSpan?)null;
        if (period < TimeSpan.Zero)
        {
            throw CmdletException.Of(
                nameof(QueueError.InvalidArgument), ErrorCategory.InvalidArgument, $"Since '{Since}' is still to come. Give a time that has passed, or how long ago: 30m, 2h, 1d.", Since);
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
}
