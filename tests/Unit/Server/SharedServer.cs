using PgQueue.Unit;
using Xunit;

[assembly: AssemblyFixture(typeof(SharedServerLifetime))]

namespace PgQueue.Unit;

/// <summary>
/// One server for the whole run: the one of PGQUEUE_TEST_CONNECTION as it is, else an embedded one that is
/// started when first asked for and removed at the end of the run.
/// </summary>
internal static class SharedServer
{
    private static readonly Lazy<Task<(TestDirectory? Directory, string ConnectionString)>> s_server = new(StartAsync);

    /// <summary>Npgsql keywords of a superuser, database postgres. Make a database of your own in it.</summary>
    public static async Task<string> ConnectionStringAsync() => (await s_server.Value).ConnectionString;

    /// <summary>Removes the server if one was started.</summary>
    internal static async ValueTask RemoveAsync()
    {
        if (s_server.IsValueCreated && await s_server.Value is { Directory: { } directory })
        {
            await directory.DisposeAsync();
        }
    }

    private static async Task<(TestDirectory? Directory, string ConnectionString)> StartAsync()
    {
        var given = Environment.GetEnvironmentVariable("PGQUEUE_TEST_CONNECTION");
        if (!string.IsNullOrWhiteSpace(given))
        {
            return (null, given);
        }

        var directory = await TestDirectory.CreateAsync();
        try
        {
            var options = directory.Options(("full_page_writes", "off"), ("max_connections", "400"));
            var status = await new EmbeddedServer(options).StartAsync();
            return (directory, ConnectionStrings.WithPassword(status.ConnectionString!));
        }
        catch
        {
            await directory.DisposeAsync();
            throw;
        }
    }
}

/// <summary>Ends the shared server with the run.</summary>
public sealed class SharedServerLifetime : IAsyncLifetime
{
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => SharedServer.RemoveAsync();
}
