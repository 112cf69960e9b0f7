namespace PgQueue.Chaos;

/// <summary>Schedules that are due every second, where the schema fires schedules: each tick once, whatever happens.</summary>
internal sealed class Schedules(World world)
{
    private const int Count = 3;

    private bool _registered;

    /// <summary>The time for which the ticks are judged.</summary>
    private DateTimeOffset _from;
    private DateTimeOffset _until;

    public async Task StartAsync(CancellationToken stop)
    {
        _registered = await world.Control.ScalarAsync<bool>("select exists (select from pg_proc where proname = 'register_schedule')", stop);
        if (!_registered)
        {
            return;
        }

        for (var i = 1; i <= Count; i++)
        {
            await world.Control.QueryAsync(
                """
                select register_schedule(
                    $1, '{"kind": "command", "spec": {"file": "true"}}', cron => '* * * * * *', overlap => 'allow', missed => 'all',
                    missed_limit => 10000)::text
                """,
                row => row.GetString(0), stop, $"every second {i}");
        }

        _from = await world.Control.ScalarAsync<DateTimeOffset>("select date_trunc('second', clock_timestamp()) + interval '1 second'", stop);
    }

    /// <summary>No more ticks from now on; those that were missed come still.</summary>
    public async Task StopAsync()
    {
        if (_registered)
        {
            _until = await world.Control.ScalarAsync<DateTimeOffset>("update schedule set end_at = clock_timestamp(); select date_trunc('second', clock_timestamp())", CancellationToken.None);
        }
    }

    public void Check(Findings findings)
    {
        if (!_registered)
        {
            return;
        }

        foreach (var schedule in Enumerable.Range(1, Count).Select(i => $"every second {i}"))
        {
            var fired = findings.Tasks.Values.Where(t => t.Schedule == schedule).CountBy(t => t.Tick!.Value).ToDictionary();
            for (var tick = _from; tick < _until; tick += TimeSpan.FromSeconds(1))
            {
                if (fired.GetValueOrDefault(tick) != 1)
                {
                    world.Breaches.Add("every due tick fires once", $"{schedule}: the tick of {tick:HH:mm:ss} fired {fired.GetValueOrDefault(tick)} times.");
                }
            }
        }
    }
}
