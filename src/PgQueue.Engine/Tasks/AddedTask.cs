namespace PgQueue;

/// <summary>The answer to an added task.</summary>
/// <param name="Id">The task's id.</param>
/// <param name="Existing">True where the <see cref="NewTask.DedupeKey"/> named an unfinished task: it is that one's id.</param>
public readonly record struct AddedTask(long Id, bool Existing);
