namespace PgQueue.Unit.Schema;

/// <summary>
/// Fills a queue with rows in all states, by the ways that the queue itself makes them. Each task is told by its name; what
/// can run is a command that any machine has.
/// </summary>
internal static class VersionOneRows
{
    private static readonly TimeSpan s_never = TimeSpan.FromDays(36500);

    public static async Task MakeAsync(TestQueue queue)
    {
        await SetUpQueuesAsync(queue.Client);
        await FinishAsync(queue);
        await WaitAsync(queue.Client);
        await LineUpAsync(queue.Client);
        await RegisterSchedulesAsync(queue.Client);
        await LoseAsync(queue);
    }

    private static NewTask Named(string name, string file = "true", params string[] args) =>
        NewTask.ForCommand(file, args) with { Name = name };

    private static async Task SetUpQueuesAsync(QueueClient client)
    {
        await client.SetRetentionAsync(null, null);
        await client.SetQueueAsync("limited", new() { MaxConcurrency = 1, RateCount = 600, RatePeriod = TimeSpan.FromMinutes(1) });
        await client.SetQueueAsync("kept", new() { KeepAll = true, DefaultTimeout = TimeSpan.FromHours(1), DefaultMaxAttempts = 2 });
        await client.SetQueueAsync("letters", new() { DeadLetterQueue = "morgue" });
        await client.SetQueueAsync("stopped", new() { Paused = true });
    }

    /// <summary>Finished ones, with what they wrote; nothing else is there yet.</summary>
    private static async Task FinishAsync(TestQueue queue)
    {
        await queue.Client.AddAsync(
            [
                Named("completed", "sh", "-c", "echo hello; echo careful >&2") with { ClientId = "completed", Tags = ["a", "b"], Priority = 70 },
                Named("failed", "sh", "-c", "echo no >&2; exit 3") with { Queue = "kept" },
                Named("buried", "sh", "-c", "exit 4") with { Queue = "letters" },
                Named("member 0") with { Queue = "grouped", Group = "done" },
            ],
            null);
        await queue.DrainAsync(new() { Name = "build1", Concurrency = 2 });
        var ids = await queue.Client.AddAsync([Named("canceled"), Named("needed") with { Delay = s_never }], null);
        await queue.Client.AddAsync(Named("in vain") with { After = [ids[1].Id] });
        await queue.Client.CancelAsync([.. ids.Select(i => i.Id)], "not wanted");
    }

    private static async Task WaitAsync(QueueClient client)
    {
        await client.AddAsync(
            [
                Named("ready") with { ClientId = "ready", Timeout = TimeSpan.FromMinutes(1), Retry = new() { Delay = TimeSpan.FromSeconds(5), Backoff = Backoff.Exponential } },
                Named("only once") with { DedupeKey = "only once" },
                Named("soon") with { Delay = TimeSpan.FromSeconds(1) },
                Named("far") with { Delay = s_never, ExpireAfter = s_never * 2 },
                NewTask.ForScript("param($Name) \"Hello, $Name\"", "world") with { Name = "script", Queue = "stopped" },
            ],
            null);
        var first = (await client.AddAsync(Named("first"))).Id;
        var second = (await client.AddAsync(Named("second") with { After = [first] })).Id;
        await client.AddAsync(Named("third") with { AfterAny = [first, second] });
    }

    private static async Task LineUpAsync(QueueClient client) => await client.AddAsync(
        [
            .. Enumerable.Range(1, 3).Select(n => Named($"member {n}") with { Queue = "grouped", Group = "first in" }),
            .. Enumerable.Range(4, 3).Select(n => Named($"member {n}") with { Queue = "grouped", Group = "last in", GroupOrder = GroupOrder.Lifo }),
            .. Enumerable.Range(1, 3).Select(n => Named($"limited {n}") with { Queue = "limited" }),
        ],
        null);

    private static async Task RegisterSchedulesAsync(QueueClient client)
    {
        await client.RegisterScheduleAsync(new() { Name = "nightly", Task = Named("nightly"), Cron = "0 2 * * *", TimeZone = "Europe/Berlin", Jitter = TimeSpan.FromMinutes(1) });
        await client.RegisterScheduleAsync(new() { Name = "suspended", Task = Named("suspended"), Every = TimeSpan.FromMinutes(15), Overlap = OverlapPolicy.Queue, Missed = MissedPolicy.All });
        await client.SuspendSchedulesAsync(["suspended"]);
        await client.RegisterScheduleAsync(new() { Name = "by hand", Task = Named("by hand"), Cron = "@yearly", Missed = MissedPolicy.Skip });
        await client.StartScheduleAsync("by hand");
    }

    /// <summary>A worker that died, with tasks in its hands, and has just come under suspicion.</summary>
    private static async Task LoseAsync(TestQueue queue)
    {
        await using var worker = await SqlWorker.JoinAsync(queue);
        var ids = (await queue.Client.AddAsync(
            [Named("running"), Named("running, canceled"), Named("running, replaced") with { ClientId = "replaced" }, Named("tried once") with { MaxAttempts = 3 }],
            null)).Select(t => t.Id).ToList();
        await worker.ClaimAsync(4, ", names => '{running%,tried%}'");
        await worker.FinishAsync(ids[3], "failed", TimeSpan.FromSeconds(1));
        await queue.Client.CancelAsync([ids[1]], "not wanted");
        await queue.Client.SetAsync(Named("replacement") with { ClientId = "replaced" });
        await worker.DieAsync();
        await Until.TrueAsync(async () => await queue.SqlAsync("select count(*) from {schema}.recover_workers('1 hour')") is 1L);
    }
}
