using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>The workers in office, and those lost within the last day.</summary>
[Cmdlet(VerbsCommon.Get, "PqWorker")]
[OutputType(typeof(WorkerInfo))]
public sealed class GetWorkerCommand : QueueCmdlet
{
    /// <summary>Workers of these names; * and ? are wildcards.</summary>
    [Parameter(Position = 0)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(WorkerCompleter))]
    public string[]? Name { get; set; }

    /// <summary>Workers in these states.</summary>
    [Parameter]
    public WorkerState[]? State { get; set; }

    private protected override void End()
    {
        var patterns = Name?.Select(n => WildcardPattern.Get(n, WildcardOptions.IgnoreCase)).ToList();
        foreach (var worker in Pull(Client.GetWorkersAsync))
        {
            if (patterns?.Any(p => p.IsMatch(worker.Name)) is not false && State?.Contains(worker.State) is not false)
            {
                WriteObject(worker);
            }
        }
    }
}
