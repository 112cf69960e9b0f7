using Xunit;

namespace PgQueue.Unit.Tasks;

/// <summary>Runs while no other test does: what they hold in memory would be measured with it.</summary>
[CollectionDefinition(nameof(TaskStreamMemoryTests), DisableParallelization = true)]
[Collection(nameof(TaskStreamMemoryTests))]
public sealed class TaskStreamMemoryTests
{
    [Fact]
    public async Task Many_tasks_are_read_with_flat_memory()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.SqlAsync("""
            insert into {schema}.history (id, queue, priority, state, kind, spec, max_attempts, max_lost, created_at, run_at, finished_at, run, attempt, lost, ended)
            select n, 'bulk', 50, 'completed', 'command', '{"file": "true", "args": ["some", "arguments"]}', 1, 3, now(), now(), now(), 1, 1, 0, 'success'
            from generate_series(1, 200000) n
            """);

        var (count, early, most) = (0, 0L, 0L);
        await foreach (var task in queue.Client.QueryAsync(new()))
        {
            if (++count % 20_000 == 0)
            {
                var used = GC.GetTotalMemory(forceFullCollection: true);
                early = early == 0 ? used : early;
                most = Math.Max(most, used);
            }
        }

        Assert.Equal(200_000, count);
        Assert.InRange(most - early, long.MinValue, 8 << 20);
    }
}
