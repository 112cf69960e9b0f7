using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// Makes a job of this session for each task, whose streams Receive-Job reads and whose end Wait-Job waits for. Stop-Job
/// cancels the task; Remove-Job leaves it where it is.
/// </summary>
[Cmdlet(VerbsData.ConvertTo, "PqJob")]
[OutputType(typeof(TaskJob))]
public sealed class ConvertToJobCommand : TaskIdCmdlet
{
    private const int BatchSize = 1000;

    private readonly List<long> _ids = [];

    private protected override string? NotInTransaction => TaskJobs.NotInTransaction;

    private protected override void Process()
    {
        _ids.AddRange(Id);
        if (_ids.Count >= BatchSize)
        {
            Send();
        }
    }

    private protected override void End() => Send();

    private void Send()
    {
        if (_ids.Count > 0)
        {
            _ = Client;
            TaskJobs.Emit(this, _ids);
            _ids.Clear();
        }
    }
}
