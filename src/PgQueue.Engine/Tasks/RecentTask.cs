namespace PgQueue;

/// <summary>A task as it is offered while somebody types: no more than tells it from others.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Label">Its name, else what it runs, in one line; null where nothing is known.</param>
/// <param name="Queue">Its queue.</param>
/// <param name="State">Where it stands.</param>
internal sealed record RecentTask(long Id, string? Label, string Queue, TaskState State);

/// <summary>What of tasks is offered while somebody types.</summary>
internal enum RecentWord
{
    Name,
    Tag,
    Group,
    ClientId,
    ErrorType,
}
