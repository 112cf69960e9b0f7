namespace PgQueue.Chaos;

/// <summary>
/// What is to happen next, from the seed alone: drawn from a bag that is filled anew when it is empty, so that each kind
/// comes about as often as it should even in a short run.
/// </summary>
internal sealed class FaultBag(Random random)
{
    private static readonly Dictionary<FaultKind, int> Weights = new()
    {
        [FaultKind.KillWorker] = 9,
        [FaultKind.KillChild] = 9,
        [FaultKind.EndBackend] = 6,
        [FaultKind.EndSession] = 5,
        [FaultKind.LoseAnswer] = 3,
        [FaultKind.RestartImmediate] = 1,
        [FaultKind.RestartFast] = 1,
        [FaultKind.RestartSmart] = 1,
        [FaultKind.Freeze] = 2,
        [FaultKind.FreezeAndCut] = 3,
        [FaultKind.Flood] = 2,
    };

    private readonly Queue<FaultKind> _bag = new();

    public FaultKind Next()
    {
        if (_bag.Count == 0)
        {
            var all = Weights.SelectMany(w => Enumerable.Repeat(w.Key, w.Value)).ToArray();
            random.Shuffle(all);
            foreach (var kind in all)
            {
                _bag.Enqueue(kind);
            }
        }

        return _bag.Dequeue();
    }

    /// <summary>How long nothing happens before it.</summary>
    public TimeSpan Pause() => TimeSpan.FromMilliseconds(random.Next(300, 1700));
}
