using PgQueue.Protocol;

namespace PgQueue.TaskHost;

/// <summary>Runs a task of one kind. It is made ready before the task is known.</summary>
internal interface ITaskRunner
{
    /// <summary>Spends a wait on what the task is likely to need; gives up as soon as <paramref name="taskComesWithin"/> says that it is there.</summary>
    void WarmUp(Func<TimeSpan, bool> taskComesWithin);

    /// <summary>Runs the task to its end.</summary>
    /// <param name="task">What to run.</param>
    /// <param name="voice">Takes what the task has to say while it runs.</param>
    /// <param name="stop">Cancelled when the task is to give way.</param>
    /// <exception cref="TaskSetupException">What the task needs is not there.</exception>
    TaskEnded Run(RunTask task, TaskVoice voice, CancellationToken stop);

    /// <summary>Lets go of what its task has left, before another runner takes its place.</summary>
    void Forget();
}
