namespace PgQueue.PowerShell;

/// <summary>Makes jobs of tasks.</summary>
internal static class TaskJobs
{
    /// <summary>Why there are none in a transaction.</summary>
    public const string NotInTransaction = "a job follows its task, and no worker sees that before the commit";

    /// <summary>Puts a job for each task into the session, and emits it: the one there is where the task has one that goes on.</summary>
    public static void Emit(QueueCmdlet cmdlet, IReadOnlyList<long> ids)
    {
        var tasks = cmdlet.ReadTasks(ids).ToDictionary(t => t.Id);
        var follower = Session.Current.Jobs(cmdlet.Connection!);
        foreach (var id in ids)
        {
            if (!tasks.TryGetValue(id, out var task))
            {
                cmdlet.WriteTaskNotFound(id);
            }
            else if (follower.Find(id) is { } known)
            {
                cmdlet.WriteObject(known);
            }
            else
            {
                var job = new TaskJob(follower, task, cmdlet.Connection!.Server);
                follower.Add(job);
                cmdlet.JobManager.NewJob(TaskJobSource.Register(job));
                cmdlet.WriteObject(job);
            }
        }
    }
}
