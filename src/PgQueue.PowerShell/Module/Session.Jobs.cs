namespace PgQueue.PowerShell;

/// <content>The followers of its jobs, by their connection.</content>
internal sealed partial class Session
{
    private readonly Dictionary<(string ConnectionString, string Schema), JobFollower> _followers = [];

    /// <summary>What follows the tasks of jobs on a connection.</summary>
    public JobFollower Jobs(PqConnection connection)
    {
        lock (_gate)
        {
            if (!_followers.TryGetValue(Key(connection), out var follower))
            {
                follower = new JobFollower(connection);
                _followers.Add(Key(connection), follower);
            }

            return follower;
        }
    }

    /// <summary>Follows the tasks of jobs on a connection no more; the tasks go on.</summary>
    public void DetachJobs(PqConnection connection)
    {
        JobFollower? follower;
        lock (_gate)
        {
            _followers.Remove(Key(connection), out follower);
        }

        follower?.Dispose();
    }

    private void DetachJobs()
    {
        List<JobFollower> followers;
        lock (_gate)
        {
            followers = [.. _followers.Values];
            _followers.Clear();
        }

        followers.ForEach(f => f.Dispose());
    }
}
