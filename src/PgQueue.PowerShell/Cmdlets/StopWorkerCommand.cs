using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// Tells workers to stop, wherever they run: they take no more tasks, finish those they run, and end. Does not wait for
/// that.
/// </summary>
[Cmdlet(VerbsLifecycle.Stop, "PqWorker", SupportsShouldProcess = true, DefaultParameterSetName = IdSet)]
[OutputType(typeof(WorkerInfo))]
public sealed class StopWorkerCommand : QueueCmdlet
{
    private const string IdSet = "Id";
    private const string NameSet = "Name";

    private readonly List<long> _told = [];

    /// <summary>The workers' ids.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = IdSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [IdOf(IdOfAttribute.Worker)]
    [ArgumentCompleter(typeof(WorkerIdCompleter))]
    public long[] Id { get; set; } = [];

    /// <summary>The workers' names; * and ? are wildcards.</summary>
    [Parameter(Mandatory = true, ParameterSetName = NameSet)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(WorkerCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>End their tasks at once; they run again elsewhere, with no attempt used.</summary>
    [Parameter]
    [Alias("Force")]
    public SwitchParameter Now { get; set; }

    /// <summary>Emit the workers as they are then.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override void Process()
    {
        foreach (var worker in ParameterSetName == NameSet ? OfNames() : OfIds())
        {
            var action = Now ? "Stop at once; its tasks run again elsewhere" : "Stop when its tasks have finished";
            if (ShouldProcess($"Worker {worker.Id} ({worker.Name})", action))
            {
                _told.Add(worker.Id);
            }
        }
    }

    private protected override void End()
    {
        if (_told.Count == 0)
        {
            return;
        }

        var told = Await(token => Client.StopWorkersAsync(_told, Now, token));
        if (PassThru)
        {
            foreach (var worker in All().Where(w => told.Contains(w.Id)))
            {
                WriteObject(worker);
            }
        }
    }

    private List<WorkerInfo> OfNames()
    {
        var all = All();
        var found = new List<WorkerInfo>();
        foreach (var name in Name)
        {
            var pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
            var named = all.Where(w => pattern.IsMatch(w.Name)).ToList();
            found.AddRange(named.Where(IsAtWork));
            if (!WildcardPattern.ContainsWildcardCharacters(name) && !named.Any(IsAtWork))
            {
                WriteUnstoppable(name, named.LastOrDefault());
            }
        }

        return [.. found.DistinctBy(w => w.Id)];
    }

    private List<WorkerInfo> OfIds()
    {
        var all = All().ToDictionary(w => w.Id);
        var atWork = Id.Where(id => all.GetValueOrDefault(id) is { } worker && IsAtWork(worker)).ToList();
        foreach (var id in Id.Except(atWork))
        {
            WriteUnstoppable(id, all.GetValueOrDefault(id));
        }

        return [.. atWork.Select(id => all[id])];
    }

    private List<WorkerInfo> All() => [.. Pull(Client.GetWorkersAsync)];

    private static bool IsAtWork(WorkerInfo worker) => worker.State != WorkerState.Lost;

    private void WriteUnstoppable(object asked, WorkerInfo? lost)
    {
        if (lost is null)
        {
            WriteItemError(
                "WorkerNotFound", ErrorCategory.ObjectNotFound, $"There is no worker {asked} at work in {Connection}. Get-PqWorker lists them.", asked);
        }
        else
        {
            WriteItemError(
                "WorkerLost",
                ErrorCategory.InvalidOperation,
                $"Worker {lost.Id} ({lost.Name}) on {lost.Host} is lost since {lost.LostAt}: it died, and what it ran was given to others. There is nothing to stop.",
                asked);
        }
    }
}
