using Npgsql;

namespace PgQueue.Unit.Schedules;

/// <summary>A queue with schedules, fired as the maintainer does it but when the test says so; time is moved by changing rows.</summary>
internal sealed class ScheduleQueue(TestQueue queue) : IAsyncDisposable
{
    public TestQueue Queue => queue;

    public QueueClient Client => queue.Client;

    /// <summary>What the firing had to tell an admin.</summary>
    public List<string> Reports { get; } = [];

    public static async Task<ScheduleQueue> CreateAsync() => new(await TestQueue.CreateAsync());

    public static NewSchedule Hourly(string name = "hourly") => new() { Name = name, Task = NewTask.ForCommand("true"), Cron = "0 * * * *" };

    public static NewSchedule Every(TimeSpan every, string name = "often") => new() { Name = name, Task = NewTask.ForCommand("true"), Every = every };

    /// <summary>Fires all that is due.</summary>
    public async Task FireAsync()
    {
        await using var connection = new NpgsqlConnection(queue.ConnectionString);
        await connection.OpenAsync();
        var firer = new ScheduleFirer(queue.Client.Database, Reports.Add);
        while (await firer.FireDueAsync(connection) <= TimeSpan.Zero)
        {
        }
    }

    /// <summary>Makes it so much later for a schedule: all its times move into the past, those of its tasks too.</summary>
    public Task PassAsync(string name, TimeSpan time) => queue.SqlAsync(
        """
        with tasks as (update {schema}.task set tick = tick - $2 where schedule = $1),
        finished as (update {schema}.history set tick = tick - $2 where schedule = $1)
        update {schema}.schedule
        set next_run = next_run - $2, last_tick = last_tick - $2, counts_from = counts_from - $2, created_at = created_at - $2,
            start_at = start_at - $2, end_at = end_at - $2, resumed_at = resumed_at - $2, retry_at = retry_at - $2
        where name = $1
        """,
        name, time);

    /// <summary>Ends all tasks that are there.</summary>
    public Task EndTasksAsync() => queue.SqlAsync("select count(*) from {schema}.cancel_tasks(array(select id from {schema}.task))");

    public async Task<ScheduleInfo> InfoAsync(string name)
    {
        await foreach (var info in queue.Client.GetSchedulesAsync([name]))
        {
            return info;
        }

        throw new InvalidOperationException($"There is no schedule {name}.");
    }

    /// <summary>The ticks of a schedule's tasks, finished ones too, in the order they were added.</summary>
    public async Task<DateTime[]> TicksAsync(string name) =>
        (DateTime[])(await queue.SqlAsync("select coalesce(array_agg(tick order by id), '{}') from {schema}.tasks where schedule = $1 and tick is not null", name))!;

    public async Task<long> NumberAsync(string sql) => (long)(await queue.SqlAsync(sql))!;

    public ValueTask DisposeAsync() => queue.DisposeAsync();
}
