using Xunit;

namespace PgQueue.Unit.Tasks;

/// <summary>Statements that change the same tasks at once, in whatever order they were given them.</summary>
public sealed class LockOrderTests
{
    private const int Rounds = 8;

    [Fact]
    public async Task Finishing_and_canceling_the_same_tasks_never_lock_each_other_out()
    {
        await using var queue = await TestQueue.CreateAsync();
        var worker = await queue.SqlAsync("select {schema}.register_worker('w', 'h', 1, '0', null, 1)");
        for (var round = 0; round < Rounds; round++)
        {
            var added = await queue.Client.AddAsync([.. Enumerable.Repeat(NewTask.ForCommand("true"), 1000)], null);
            await queue.SqlAsync("select count(*) from {schema}.claim_tasks($1, null, 1000)", worker!);
            var ids = added.Select(a => a.Id).ToArray();

            await Task.WhenAll(
                queue.SqlAsync(
                    """
                    select count(*)
                    from {schema}.finish_tasks(
                        $1, $2, array_fill(1, array[cardinality($2)]),
                        array_fill('completed'::{schema}.task_state, array[cardinality($2)]),
                        array_fill('success'::{schema}.task_end, array[cardinality($2)]),
                        null, null, null, null, null, null, null)
                    """,
                    worker!, Shuffled(ids)),
                queue.SqlAsync("select count(*) from {schema}.cancel_tasks($1)", Shuffled(ids)),
                queue.SqlAsync("select count(*) from {schema}.watch_tasks($1)", Shuffled(ids)));

            Assert.Equal(0L, await queue.SqlAsync("select count(*) from {schema}.task"));
        }
    }

    [Fact]
    public async Task Writers_of_the_same_dedupe_keys_never_lock_each_other_out()
    {
        await using var queue = await TestQueue.CreateAsync();
        for (var round = 0; round < Rounds; round++)
        {
            var keys = Enumerable.Range(0, 300).Select(n => $"{round}/{n}").ToArray();

            var added = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => queue.Client.AddAsync(
                [.. Shuffled(keys).Select(key => NewTask.ForCommand("true") with { DedupeKey = key })], null)));

            Assert.Equal(300, added.SelectMany(a => a).Count(a => !a.Existing));
        }
    }

    private static T[] Shuffled<T>(T[] items)
    {
        var copy = (T[])items.Clone();
        Random.Shared.Shuffle(copy);
        return copy;
    }
}
