using System.Text.Json.Nodes;

namespace PgQueue.Bench;

/// <summary>An application that adds tasks, by the engine's client.</summary>
internal sealed class ProducerRole(string connectionString) : Role(connectionString)
{
    private readonly QueueClient _client = QueueClient.Create(connectionString);

    public override ValueTask DisposeAsync() => _client.DisposeAsync();

    protected override async Task<JsonObject?> DoAsync(string verb, JsonObject with, CancellationToken cancellationToken)
    {
        if (verb != "add")
        {
            throw Unknown(verb);
        }

        await AddAsync((int)with["count"]!, (int)with["batch"]!, cancellationToken);
        return null;
    }

    private async Task AddAsync(int count, int batch, CancellationToken cancellationToken)
    {
        foreach (var numbers in Enumerable.Range(0, count).Chunk(batch))
        {
            await _client.AddAsync([.. numbers.Select(number => NewTask.ForHandler(WorkerRole.Handler, number))], null, cancellationToken);
        }
    }
}
