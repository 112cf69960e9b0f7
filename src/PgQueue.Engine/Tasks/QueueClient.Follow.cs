using System.Runtime.CompilerServices;

namespace PgQueue;

/// <content>Following tasks while they run.</content>
public sealed partial class QueueClient
{
    /// <summary>
    /// What tasks write as they write it, until all have finished: from the beginning of the run each is in, through every
    /// run that follows. One that waits is waited for. To stop leaves the tasks as they are.
    /// </summary>
    /// <exception cref="QueueException">The connection broke, or the client is a transaction's.</exception>
    public async IAsyncEnumerable<FollowStep> FollowAsync(
        IReadOnlyCollection<long> ids, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var follower = Follow(ids);
        await using (follower.ConfigureAwait(false))
        {
            while (!follower.IsDone)
            {
                yield return await follower.NextAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    internal TaskFollower Follow(IReadOnlyCollection<long> ids)
    {
        Database.RefuseInTransaction("Receive-PqTask -Follow", "no worker sees its tasks before the commit");
        return new TaskFollower(this, ids);
    }
}
