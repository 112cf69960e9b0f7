using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Tasks that failed for good, newest first. One that is tried again is not among them.</summary>
[Cmdlet(VerbsCommon.Get, "PqFailedTask", DefaultParameterSetName = QuerySet)]
[OutputType(typeof(QueueTask))]
public sealed class GetFailedTaskCommand : TaskQueryCmdlet
{
    /// <summary>Tasks that failed at or after this time, or within so long, such as 1h.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [TimePointTransformation]
    public DateTime? Since { get; set; }

    /// <summary>Tasks that failed before this time, or longer ago, such as 7d.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [TimePointTransformation]
    public DateTime? Before { get; set; }

    private protected override void End() => WriteTasks(Query() with
    {
        States = [TaskState.Failed],
        FinishedFrom = At(Since),
        FinishedBefore = At(Before),
    });
}
