using System.Management.Automation;
using System.Text.Json;
using PgQueue.Protocol;

namespace PgQueue.PowerShell;

/// <summary>
/// The session of a task's own process. It has no credentials of the queue's database; adding tasks is what its worker
/// does for it, by a function that the task host keeps for the module.
/// </summary>
internal sealed class InsideTask
{
    private readonly Func<string, string, string> _add;

    private InsideTask(Func<string, string, string> add) => _add = add;

    /// <summary>The worker of the task that this process runs; null where it is no task's process.</summary>
    public static InsideTask? Here => AppContext.GetData(AddSlot.Name) is Func<string, string, string> add ? new(add) : null;

    /// <summary>Fails in a task, and in what a task has started: an embedded server would be another queue than the task's.</summary>
    /// <exception cref="CmdletException">This runs inside a task.</exception>
    public static void RefuseEmbedded()
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(ChildEnvironment.Mark)))
        {
            return;
        }

        throw CmdletException.Of(
            "NoConnectionInTask",
            ErrorCategory.ConnectionError,
            "This runs inside a task, and a task has no credentials of the queue's database: without a connection only Add-PqTask works here, in the task's own process. Let the task put out what others need to know, or give credentials of its own with -Connection or Connect-PqQueue.",
            null);
    }

    /// <summary>Adds all the tasks or none.</summary>
    /// <exception cref="QueueException">A setting can't be used, or a client id belongs to another task.</exception>
    public async Task<IReadOnlyList<PgQueue.AddedTask>> AddAsync(IReadOnlyCollection<NewTask> tasks, NewTask shared, CancellationToken cancellationToken)
    {
        foreach (var task in tasks)
        {
            task.Validate();
        }

        var (list, common) = (NewTaskJson.Array(tasks), NewTaskJson.Object(shared));

        // The worker may wait for its database; Ctrl+C does not wait for the worker.
        var answer = await Task.Run(() => _add(list, common), CancellationToken.None).WaitAsync(cancellationToken).ConfigureAwait(false);
        return Read(answer);
    }

    private static PgQueue.AddedTask[] Read(string answer)
    {
        using var json = JsonDocument.Parse(answer);
        if (json.RootElement.TryGetProperty("error", out var error))
        {
            var kind = Enum.TryParse<QueueError>(error.GetProperty("error").GetString(), out var known) ? known : QueueError.Database;
            throw new QueueException(kind, error.GetProperty("message").GetString()!)
            {
                TaskId = error.TryGetProperty("taskId", out var id) ? id.GetInt64() : null,
            };
        }

        return [.. json.RootElement.GetProperty("rows").EnumerateArray().Select(row => new PgQueue.AddedTask(row[0].GetInt64(), row[1].GetBoolean()))];
    }
}
