using System.Diagnostics;

namespace PgQueue;

/// <content>Waiting for tasks.</content>
public sealed partial class QueueClient
{
    /// <summary>Waits until tasks have finished.</summary>
    /// <param name="ids">The tasks.</param>
    /// <param name="any">Return when the first has finished; when all have where false.</param>
    /// <param name="timeout">How long to wait at the most; for ever where null.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <returns>The ids that have finished, in the order that was noticed; not all (or none) where the time ran out.</returns>
    /// <exception cref="QueueException">One of the tasks is not there.</exception>
    public async Task<IReadOnlyList<long>> WaitAsync(
        IReadOnlyCollection<long> ids, bool any = false, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ids);
        Database.RefuseInTransaction("Wait-PqTask", "no worker sees its tasks before the commit");
        var since = Stopwatch.StartNew();
        await CheckAllExistAsync(ids, cancellationToken).ConfigureAwait(false);
        var ended = new List<long>();
        var wanted = any ? Math.Min(1, ids.Count) : ids.Distinct().Count();
        var watch = Watch(ids, gathers: !any);
        await using (watch.ConfigureAwait(false))
        {
            do
            {
                var left = timeout - since.Elapsed ?? TimeSpan.MaxValue;
                ended.AddRange(await watch.NextAsync(left, cancellationToken).ConfigureAwait(false));
            }
            while (ended.Count < wanted && !(since.Elapsed >= timeout));
        }

        return ended;
    }

    /// <summary>Watches over tasks, to wait for their ends step by step. One that is not there counts as ended.</summary>
    internal TaskWatch Watch(IEnumerable<long> ids, bool gathers = true) => new(Database, ids, gathers);

    private async Task CheckAllExistAsync(IReadOnlyCollection<long> ids, CancellationToken cancellationToken)
    {
        var missing = await CallAsync(
            "select i from unnest($1) i where not exists (select from {schema}.tasks t where t.id = i) order by i",
            [Ids(ids)], row => row.GetInt64(0), cancellationToken).ConfigureAwait(false);
        if (missing.Count > 0)
        {
            throw new QueueException(QueueError.TaskNotFound, $"There is no task {FirstTen.Of(missing)} to wait for.");
        }
    }
}
