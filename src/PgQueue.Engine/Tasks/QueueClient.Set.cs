using NpgsqlTypes;

namespace PgQueue;

/// <content>Changing tasks that wait, by their ids or by the caller's own.</content>
public sealed partial class QueueClient
{
    /// <summary>
    /// Adds tasks by their client ids, or puts them in the place of those that have these: all or none. One that waits or
    /// has finished is replaced under its own id, with no attempt used; one that runs is let finish, without another
    /// attempt, and the new one runs after it.
    /// </summary>
    /// <param name="tasks">The tasks; each needs a client id, here or in what they share, and none a dedupe key.</param>
    /// <param name="shared">What they have in common; a task's own setting wins.</param>
    /// <param name="cancellationToken">Stops it; nothing is changed then.</param>
    /// <returns>An answer for each, in their order.</returns>
    /// <exception cref="QueueException">A setting can't be used.</exception>
    public Task<IReadOnlyList<SetTaskAnswer>> SetAsync(
        IReadOnlyList<NewTask> tasks, NewTask? shared, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        shared?.Validate();
        foreach (var task in tasks)
        {
            task.Validate();
        }

        return CallAsync(
            "select id, outcome from {schema}.set_tasks($1, $2) order by ordinal",
            [
                new() { Value = NewTaskJson.Array(tasks), NpgsqlDbType = NpgsqlDbType.Jsonb },
                new() { Value = shared is null ? "{}" : NewTaskJson.Object(shared), NpgsqlDbType = NpgsqlDbType.Jsonb },
            ],
            row => new SetTaskAnswer(row.GetInt64(0), DbWords.Parse<SetOutcome>(row.GetString(1))),
            cancellationToken);
    }

    /// <summary>Adds a task by its client id, or puts it in the place of the one that has it.</summary>
    /// <exception cref="QueueException">A setting can't be used.</exception>
    public async Task<SetTaskAnswer> SetAsync(NewTask task, CancellationToken cancellationToken = default) =>
        (await SetAsync([task], null, cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Changes waiting tasks.</summary>
    /// <returns>The ids changed; one that runs, has finished or is not there is missing.</returns>
    /// <exception cref="QueueException">A setting is out of its range, or nothing is to change.</exception>
    public Task<IReadOnlyList<long>> ChangeAsync(
        IReadOnlyCollection<long> ids, TaskChange change, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        return CallAsync(
            "select * from {schema}.change_tasks($1, $2)",
            [Ids(ids), new() { Value = change.ToJson(), NpgsqlDbType = NpgsqlDbType.Jsonb }],
            row => row.GetInt64(0),
            cancellationToken);
    }
}
