using System.Collections.Concurrent;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Where Get-Job and Remove-Job find the jobs of tasks. Each session has its own; PowerShell makes it at the import.</summary>
public sealed class TaskJobSource : JobSourceAdapter
{
    private const string JobParameter = "Job";

    private static readonly JobDefinition Definition = new(typeof(TaskJobSource), "", nameof(TaskJobSource));

    private readonly ConcurrentDictionary<Guid, TaskJob> _jobs = [];

    /// <summary>Makes it, empty.</summary>
    public TaskJobSource() => Name = "PqTask";

    /// <summary>What makes a job one of a session's.</summary>
    internal static JobInvocationInfo Register(TaskJob job) => new(Definition, new Dictionary<string, object> { [JobParameter] = job });

    /// <summary>Takes a job that was made of a task.</summary>
    /// <param name="specification">The job.</param>
    public override Job2 NewJob(JobInvocationInfo specification)
    {
        var job = specification.Parameters.SelectMany(set => set).FirstOrDefault(p => p.Name == JobParameter)?.Value as TaskJob
            ?? throw new PSNotSupportedException("Jobs of tasks are made by ConvertTo-PqJob and Add-PqTask -AsJob.");
        _jobs.TryAdd(job.InstanceId, job);
        return job;
    }

    /// <summary>All jobs.</summary>
    public override IList<Job2> GetJobs() => Where(_ => true);

    /// <summary>Those of a name; wildcards are read.</summary>
    /// <param name="name">The name.</param>
    /// <param name="recurse">Nothing: there are no jobs in jobs.</param>
    public override IList<Job2> GetJobsByName(string name, bool recurse) => Where(job => IsLike(name, job.Name));

    /// <summary>Those of a command; wildcards are read.</summary>
    /// <param name="command">What the task runs.</param>
    /// <param name="recurse">Nothing: there are no jobs in jobs.</param>
    public override IList<Job2> GetJobsByCommand(string command, bool recurse) => Where(job => IsLike(command, job.Command));

    /// <summary>Those in a state.</summary>
    /// <param name="state">The state.</param>
    /// <param name="recurse">Nothing: there are no jobs in jobs.</param>
    public override IList<Job2> GetJobsByState(JobState state, bool recurse) => Where(job => job.JobStateInfo.State == state);

    /// <summary>Those whose properties are as given, such as TaskId or Queue; wildcards are read.</summary>
    /// <param name="filter">The properties' names and values.</param>
    /// <param name="recurse">Nothing: there are no jobs in jobs.</param>
    public override IList<Job2> GetJobsByFilter(Dictionary<string, object> filter, bool recurse) => Where(job =>
        filter.All(f => PSObject.AsPSObject(job).Properties[f.Key] is { } property && IsLike($"{f.Value}", $"{property.Value}")));

    /// <summary>The job of a GUID; null where there is none.</summary>
    /// <param name="instanceId">The GUID.</param>
    /// <param name="recurse">Nothing: there are no jobs in jobs.</param>
    public override Job2 GetJobByInstanceId(Guid instanceId, bool recurse) => _jobs.GetValueOrDefault(instanceId)!;

    /// <summary>The job of a number of this session; null where there is none.</summary>
    /// <param name="id">The number.</param>
    /// <param name="recurse">Nothing: there are no jobs in jobs.</param>
    public override Job2 GetJobBySessionId(int id, bool recurse) => _jobs.Values.FirstOrDefault(job => job.Id == id)!;

    /// <summary>Forgets a job. Its task stays as it is.</summary>
    /// <param name="job">The job.</param>
    public override void RemoveJob(Job2 job) => _jobs.TryRemove(job.InstanceId, out _);

    private static bool IsLike(string pattern, string? text) => WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase).IsMatch(text);

    private Job2[] Where(Func<TaskJob, bool> isWanted) => [.. _jobs.Values.Where(isWanted).OrderBy(job => job.Id)];
}
