namespace PgQueue.PowerShell;

/// <content>Following tasks to their ends.</content>
public sealed partial class ReceiveTaskCommand
{
    private void FollowAll(long[] ids)
    {
        var client = Client;
        var tasks = Pull(token => client.QueryAsync(new TaskQuery { Ids = ids }, token)).ToDictionary(t => t.Id);
        foreach (var id in ids.Where(id => !tasks.ContainsKey(id)))
        {
            WriteTaskNotFound(id);
        }

        var bars = new TaskBars(this, named: tasks.Count > 1);
        var follower = client.Follow(tasks.Keys);
        try
        {
            var runs = tasks.Values.ToDictionary(t => t.Id, t => t.Run);
            while (!follower.IsDone)
            {
                TryAwait(follower.NextAsync, null, out var step);
                Write(step, tasks, runs, bars);
            }
        }
        finally
        {
            follower.DisposeAsync().AsTask().GetAwaiter().GetResult();
            bars.Close();
        }
    }

    private void Write(FollowStep step, Dictionary<long, QueueTask> tasks, Dictionary<long, int> runs, TaskBars bars)
    {
        foreach (var record in step.Output)
        {
            var task = tasks[record.TaskId];
            if (runs[task.Id] != record.Run)
            {
                runs[task.Id] = record.Run;
                bars.Close(task.Id);
                WriteVerbose($"Task {task.Id}: what follows is of its run {record.Run}.");
            }

            new StreamReplay(this, task, Stream, bars, named: tasks.Count > 1).Write(record);
        }

        bars.ShowWaiting(step.Waiting, tasks.Count);
        foreach (var task in step.Finished)
        {
            bars.Close(task.Id);
            WriteEnd(task);
        }

        foreach (var id in step.Removed)
        {
            bars.Close(id);
            WriteTaskNotFound(id);
        }
    }

    private void WriteEnd(QueueTask task)
    {
        var replay = new StreamReplay(this, task, Stream, bars: null);
        replay.WriteResult(task.Result);
        if (task is { State: TaskState.Failed, Error: { } error })
        {
            replay.WriteEnd(error);
        }
        else if (task.State == TaskState.Canceled)
        {
            WriteWarning($"Task {task.Id} was canceled: {task.Error}");
        }
    }
}
