using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>A cmdlet over tasks by their ids, which may come from the pipeline.</summary>
public abstract class TaskIdCmdlet : QueueCmdlet
{
    private protected TaskIdCmdlet()
    {
    }

    /// <summary>The tasks' ids.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("TaskId")]
    [IdOf(IdOfAttribute.Task)]
    [ArgumentCompleter(typeof(TaskIdCompleter))]
    public long[] Id { get; set; } = [];
}
