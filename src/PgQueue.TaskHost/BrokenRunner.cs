using PgQueue.Protocol;

namespace PgQueue.TaskHost;

/// <summary>Stands in for a runner that could not be made ready: its task fails with the reason.</summary>
internal sealed class BrokenRunner(TaskSetupException reason) : ITaskRunner
{
    public void WarmUp(Func<TimeSpan, bool> taskComesWithin)
    {
    }

    public void Forget()
    {
    }

    public TaskEnded Run(RunTask task, TaskVoice voice, CancellationToken stop) => TaskSession.Failed(ErrorDetails.From(reason));
}
