using System.Diagnostics;
using System.Text.Json.Nodes;

namespace PgQueue.Bench;

/// <summary>An application that adds tasks, by the engine's client.</summary>
internal sealed class ProducerRole(string connectionString) : Role(connectionString)
{
    private readonly List<QueueClient> _clients = [QueueClient.Create(connectionString)];

    public override async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }
    }

    protected override async Task<JsonObject?> DoAsync(string verb, JsonObject with, CancellationToken cancellationToken)
    {
        switch (verb)
        {
            case "add":
                await AddAsync(with, null, number => NewTask.ForHandler(WorkerRole.Handler, number), cancellationToken);
                return null;
            case "scripts":
                var shared = NewTask.ForScript("param($n) $n");
                await AddAsync(with, shared, number => new NewTask { Spec = new JsonObject { ["args"] = new JsonArray(number) } }, cancellationToken);
                return null;
            case "singles":
                return await SinglesAsync((int)with["connections"]!, TimeSpan.FromSeconds((int)with["seconds"]!), cancellationToken);
            default:
                throw Unknown(verb);
        }
    }

    private async Task AddAsync(JsonObject with, NewTask? shared, Func<int, NewTask> task, CancellationToken cancellationToken)
    {
        foreach (var numbers in Enumerable.Range(0, (int)with["count"]!).Chunk((int)with["batch"]!))
        {
            await _clients[0].AddAsync([.. numbers.Select(task)], shared, cancellationToken);
        }
    }

    /// <summary>Each connection is a client of its own, and adds one task after the other until the time is up.</summary>
    private async Task<JsonObject> SinglesAsync(int connections, TimeSpan time, CancellationToken cancellationToken)
    {
        while (_clients.Count < connections)
        {
            _clients.Add(QueueClient.Create(ConnectionString));
        }

        var clock = Stopwatch.StartNew();
        var counts = await Task.WhenAll(_clients.Select(client => Task.Run(() => AddUntilAsync(client), cancellationToken)));
        return new JsonObject { ["rate"] = counts.Sum() / clock.Elapsed.TotalSeconds };

        async Task<int> AddUntilAsync(QueueClient client)
        {
            var added = 0;
            for (; clock.Elapsed < time; added++)
            {
                await client.AddAsync(NewTask.ForHandler(WorkerRole.Handler, added), cancellationToken);
            }

            return added;
        }
    }
}
