namespace PgQueue.PowerShell;

/// <summary>
/// Follows the tasks of all jobs that a session has on a connection: one look at all of them, five times a second. While
/// there are none it holds no connection.
/// </summary>
internal sealed class JobFollower(PqConnection connection) : IDisposable
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new();
    private readonly JobOrders _orders = new();
    private readonly HashSet<long> _running = [];
    private readonly HashSet<long> _unknown = [];
    private volatile Task _loop = Task.CompletedTask;

    /// <summary>Why nothing is heard of the tasks at the moment; null where all is well.</summary>
    public string? Trouble { get; private set; }

    /// <summary>The job that follows a task; null where there is none, or it has ended.</summary>
    public TaskJob? Find(long task) => _orders.Find(task);

    /// <summary>Follows a task.</summary>
    public void Add(TaskJob job)
    {
        if (_orders.Add(job))
        {
            _loop = Task.Run(() => RunAsync(_stop.Token));
        }
    }

    /// <summary>Follows a task no more.</summary>
    public void Remove(TaskJob job) => _orders.Remove(job);

    /// <summary>Cancels a task, at the next look.</summary>
    public void Cancel(long task, string? reason) => _orders.Cancel(task, reason);

    /// <summary>Ends, with its connection. The tasks go on, their jobs are told.</summary>
    public void Dispose()
    {
        var jobs = _orders.Close();
        _stop.Cancel();

        // A connection to a network that is dead may take longer to end.
        _loop.Wait(EndLimit);
        _stop.Dispose();
        foreach (var job in jobs)
        {
            job.Detached();
        }
    }

    private async Task RunAsync(CancellationToken stop)
    {
        try
        {
            var client = QueueClient.Create(connection.ConnectionString, connection.Schema);
            await using (client.ConfigureAwait(false))
            {
                await FollowAsync(client, stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Dispose tells the jobs.
        }
        catch (Exception e)
        {
            // Nobody awaits this: it is the jobs that tell of it.
            foreach (var job in _orders.TakeAll())
            {
                job.Break(e);
            }
        }
    }

    private async Task FollowAsync(QueueClient client, CancellationToken stop)
    {
        var wait = new ReconnectWait();
        _running.Clear();
        _unknown.Clear();
        var follower = client.Follow([]);
        await using (follower.ConfigureAwait(false))
        {
            while (_orders.Hand(follower, _running))
            {
                try
                {
                    await LookAsync(client, follower, stop).ConfigureAwait(false);
                    Trouble = null;
                    wait.Reset();
                }
                catch (QueueException e) when (e.IsTransient)
                {
                    Trouble ??= OutageText.Lost(client, e);
                    client.Database.ClosePooled();
                    await Task.Delay(wait.Next(), stop).ConfigureAwait(false);
                }
            }
        }
    }

    private async Task LookAsync(QueueClient client, TaskFollower follower, CancellationToken stop)
    {
        foreach (var (reason, tasks) in _orders.Canceled())
        {
            await client.CancelAsync(tasks, reason, stop).ConfigureAwait(false);
            _orders.WereCanceled(tasks);
        }

        Tell(await follower.NextAsync(stop).ConfigureAwait(false));
        if (_unknown.Count > 0)
        {
            await foreach (var task in client.QueryAsync(new TaskQuery { Ids = [.. _unknown] }, stop).ConfigureAwait(false))
            {
                _orders.Followed(task.Id)?.Stands(task);
            }

            _unknown.Clear();
        }
    }

    private void Tell(FollowStep step)
    {
        TellStates(step);
        foreach (var records in step.Output.GroupBy(o => o.TaskId))
        {
            _orders.Followed(records.Key)?.Wrote([.. records]);
        }

        foreach (var task in step.Finished)
        {
            Forget(task.Id)?.Finish(task);
        }

        foreach (var id in step.Removed)
        {
            Forget(id)?.Break(new QueueException(QueueError.TaskNotFound, $"Somebody has removed task {id}."));
        }
    }

    private void TellStates(FollowStep step)
    {
        foreach (var id in step.Running.Where(_running.Add))
        {
            _unknown.Add(id);
            _orders.Followed(id)?.Running();
        }

        var stopped = _running.Except(step.Running).ToList();
        _running.ExceptWith(stopped);
        foreach (var id in stopped.Except(step.Finished.Select(t => t.Id)).Except(step.Removed))
        {
            _orders.Followed(id)?.Waits();
        }
    }

    private TaskJob? Forget(long id)
    {
        _unknown.Remove(id);
        return _orders.End(id);
    }
}
