using Xunit;

namespace PgQueue.Unit.Schema;

/// <summary>A queue of the first release, brought up to date.</summary>
public sealed class VersionOneTests
{
    private static readonly string[] s_run =
    [
        "ready", "only once", "soon", "first", "second", "third", "member 1", "member 2", "member 3", "member 4", "member 5", "member 6",
        "limited 1", "limited 2", "limited 3", "running", "replacement", "tried once", "by hand",
    ];

    [Fact]
    public async Task The_first_release_and_its_upgrades_make_what_a_fresh_install_makes()
    {
        await using var old = await VersionOneFixture.RestoreAsync();
        await using var fresh = await FreshDatabase.CreateAsync();

        await old.Queue.Client.InstallSchemaAsync();
        await fresh.Queue.Client.InstallSchemaAsync();

        var (expected, found) = (await fresh.CatalogAsync(), await old.CatalogAsync());
        Assert.True(
            expected.SequenceEqual(found),
            $"""
            A migration says something else than when version-1.sql was made. Before the first release: make that again, by
            the command at its head. After it: a migration that is out there must stay as it is; write another one.
            What is different:
            {string.Join('\n', expected.Except(found).Concat(found.Except(expected)).Take(4))}
            """);
    }

    [Fact]
    public async Task A_migration_makes_the_same_of_an_old_schema_with_rows_and_of_a_fresh_one()
    {
        await using var old = await VersionOneFixture.RestoreAsync();
        await using var fresh = await FreshDatabase.CreateAsync();

        await old.Queue.ApplyAsync(TestMigrations.Additive);
        await fresh.Queue.ApplyAsync(TestMigrations.Additive);

        Assert.Equal(await fresh.CatalogAsync(), await old.CatalogAsync());
        Assert.Equal(0L, await old.Queue.SqlAsync("select count(*) from {schema}.task where color <> 'red'"));
        Assert.Equal(true, await old.Queue.SqlAsync("select count(*) > 5 and count(*) filter (where color <> 'red') = 0 from {schema}.history"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(156)]
    public async Task What_the_first_release_had_in_hand_comes_to_its_end_however_many_weeks_it_lay(int weeks)
    {
        await using var database = await VersionOneFixture.RestoreAsync();
        var queue = database.Queue;
        await database.AgeAsync(weeks);
        await queue.Client.InstallSchemaAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));

        var working = new Worker(queue.ConnectionString, queue.Schema, new() { Concurrency = 4 }).RunAsync(limit.Token);
        await Until.TrueAsync(async () => await CompletedAsync(queue) >= s_run.Length || working.IsCompleted);
        await Until.TrueAsync(async () => await queue.SqlAsync("select bool_and(next_run > now()) from {schema}.schedule where active") is true);
        await Until.TrueAsync(async () => await queue.SqlAsync("select count(*) from {schema}.task where state <> 'scheduled' and queue not in ('stopped', 'morgue')") is 0L);
        await limit.CancelAsync();
        var summary = await working;

        var tasks = (await queue.TasksAsync()).ToLookup(t => t.Name!);
        Assert.All(s_run, name => Assert.Equal((name, TaskState.Completed), (name, Assert.Single(tasks[name]).State)));
        Assert.Equal(0, summary.Failed);
        var lost = Assert.Single(tasks["running"]);
        Assert.Equal((1, 1, 2), (lost.Attempt, lost.Lost, lost.Run));
        Assert.Equal(2, Assert.Single(tasks["tried once"]).Attempt);
        Assert.Equal(TaskState.Canceled, Assert.Single(tasks["running, canceled"]).State);
        Assert.Equal(TaskState.Canceled, Assert.Single(tasks["running, replaced"]).State);
        Assert.Equal(TaskState.Scheduled, Assert.Single(tasks["far"]).State);
        Assert.Equal("param($Name) \"Hello, $Name\"", Assert.Single(tasks["script"]).Script);
        Assert.Equal(0L, await queue.SqlAsync("select (select count(*) from {schema}.history_default) + (select count(*) from {schema}.task_output_default)"));
    }

    [Fact]
    public async Task What_had_ended_in_the_first_release_can_be_read_restarted_and_told_from_new_tasks()
    {
        await using var database = await VersionOneFixture.RestoreAsync();
        var queue = database.Queue;
        await database.AgeAsync(156);
        await queue.Client.InstallSchemaAsync();
        var tasks = (await queue.TasksAsync()).ToLookup(t => (t.Name!, t.Queue));
        var (completed, failed) = (tasks[("completed", "default")].Single(), tasks[("failed", "kept")].Single());
        var (buried, letter) = (tasks[("buried", "letters")].Single(), tasks[("buried", "morgue")].Single());

        Assert.Equal(["hello", "careful"], (await queue.OutputAsync(completed.Id)).OrderBy(o => o.Stream).Select(o => o.Text));
        var taken = await Assert.ThrowsAsync<QueueException>(() => queue.Client.AddAsync(NewTask.ForCommand("true") with { ClientId = "completed" }));
        Assert.Equal((QueueError.DuplicateClientId, completed.Id), (taken.Error, taken.TaskId));
        Assert.True((await queue.Client.AddAsync(NewTask.ForCommand("true") with { DedupeKey = "only once" })).Existing);
        Assert.Equal(
            [KeyValuePair.Create(failed.Id, failed.Id), KeyValuePair.Create(letter.Id, buried.Id)],
            (await queue.Client.RestartAsync([failed.Id, letter.Id])).OrderBy(r => r.Key));

        await queue.DrainAsync(new() { Queues = ["kept", "letters"] });
        var again = await queue.TaskAsync(failed.Id);
        Assert.Equal((TaskState.Failed, TaskEnd.ExitCode, 3, failed.Run + 2), (again.State, again.Ended, again.ExitCode, again.Run));
    }

    private static async Task<long> CompletedAsync(TestQueue queue) =>
        (long)(await queue.SqlAsync("select count(*) from {schema}.history where state = 'completed' and name = any ($1)", (object)s_run))!;
}
