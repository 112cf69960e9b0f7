using PgQueue.Protocol;

namespace PgQueue.TaskHost;

/// <summary>What a running task has to say to its worker.</summary>
internal sealed class TaskVoice(ControlChannel channel, OutputQueue output)
{
    /// <summary>Takes the task's records.</summary>
    public OutputQueue Output => output;

    /// <summary>Tells how the task's own code ended, before its AfterTask hook runs.</summary>
    public void SendVerdict(TaskEnded verdict) => channel.Send(new ChildMessage { Verdict = verdict });
}
