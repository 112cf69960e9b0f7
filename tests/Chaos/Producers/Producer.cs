using System.Globalization;

namespace PgQueue.Chaos;

/// <summary>Adds tasks of all kinds until told to stop.</summary>
internal sealed class Producer(World world, int number, int seed)
{
    private const int Groups = 2;
    private const long MaxBacklog = 200;
    private const int Remembered = 40;

    private readonly Random _random = new(seed);
    private readonly List<long> _recent = [];

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            if (world.Backlog < MaxBacklog)
            {
                await AddSomethingAsync(stop);
                _recent.RemoveRange(0, Math.Max(0, _recent.Count - Remembered));
            }

            await Task.Delay(_random.Next(100, 500), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Task AddSomethingAsync(CancellationToken stop) => _random.Next(100) switch
    {
        < 30 => AddPlainAsync(stop),
        < 42 => AddSureAsync(),
        < 54 => AddFailingAsync(),
        < 66 => AddGroupAsync(),
        < 78 => AddLimitedAsync(stop),
        < 88 => AddDependentAsync(),
        < 93 => AddMethodAsync(),
        < 96 => AddStrayAsync(stop),
        _ => CancelAsync(),
    };

    private int Milliseconds() => _random.Next(7) == 0 ? _random.Next(1500, 4000) : _random.Next(0, 800);

    private async Task AddPlainAsync(CancellationToken stop) => _recent.AddRange(await world.Adder.AddAsync(
        [.. Enumerable.Range(0, _random.Next(1, 8)).Select(_ => world.Tasks.Plain(Milliseconds()))], new Booking("plain"), stop));

    private Task AddSureAsync() => KeepAsync(world.Adder.AddSurelyAsync(world.Tasks.Plain(Milliseconds()), new Booking("client id")));

    private Task AddFailingAsync()
    {
        var failing = _random.Next(0, 4);
        return KeepAsync(world.Adder.AddSurelyAsync(
            world.Tasks.Failing(Milliseconds() / 2, failing, 3), new Booking("retry") { Failing = failing }));
    }

    /// <summary>One after the other and each for sure: the order in which they were added is known.</summary>
    private async Task AddGroupAsync()
    {
        var group = string.Create(CultureInfo.InvariantCulture, $"g{number}.{_random.Next(Groups)}");
        for (var left = _random.Next(1, 5); left > 0; left--)
        {
            var failing = _random.Next(5) == 0 ? 1 : 0;
            await KeepAsync(world.Adder.AddSurelyAsync(
                world.Tasks.Failing(_random.Next(0, 300), failing, 2) with { Group = group }, new Booking("group") { Failing = failing }));
        }
    }

    private async Task AddLimitedAsync(CancellationToken stop) => _recent.AddRange(await world.Adder.AddAsync(
        [.. Enumerable.Range(0, _random.Next(1, 5)).Select(_ => world.Tasks.Limited(_random.Next(0, 500)))], new Booking("limited"), stop));

    private async Task AddDependentAsync()
    {
        var (after, afterAny) = (Pick(_random.Next(0, 3)), Pick(_random.Next(1, 3)));
        await KeepAsync(world.Adder.AddSurelyAsync(
            world.Tasks.Plain(Milliseconds() / 2) with { After = after, AfterAny = afterAny },
            new Booking("dependent") { After = after, AfterAny = afterAny }));
    }

    private Task AddMethodAsync()
    {
        var (task, key) = world.Tasks.Method(Milliseconds());
        return KeepAsync(world.Adder.AddSurelyAsync(task, new Booking("method") { Key = key }));
    }

    private async Task AddStrayAsync(CancellationToken stop) =>
        await world.Adder.AddAsync([world.Tasks.Stray(Milliseconds())], new Booking("stray"), stop);

    private async Task CancelAsync()
    {
        foreach (var id in Pick(1))
        {
            await world.Adder.CancelAsync(id);
        }
    }

    private async Task KeepAsync(Task<long?> adding)
    {
        if (await adding is { } id)
        {
            _recent.Add(id);
        }
    }

    /// <summary>Some of the tasks added last.</summary>
    private List<long> Pick(int count) =>
        [.. Enumerable.Range(0, _recent.Count == 0 ? 0 : count).Select(_ => _recent[_random.Next(_recent.Count)]).Distinct()];
}
