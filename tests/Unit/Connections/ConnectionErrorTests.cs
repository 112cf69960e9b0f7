using Npgsql;
using Xunit;

namespace PgQueue.Unit.Connections;

public sealed class ConnectionErrorTests
{
    [Fact]
    public async Task An_unreachable_server_is_named_with_what_to_check()
    {
        var error = await FailureAsync("Host=127.0.0.1;Port=1;Username=u;Password=p;Database=d;Timeout=3");

        Assert.Equal(QueueError.ServerUnreachable, error.Error);
        Assert.Contains("127.0.0.1:1", error.Message, StringComparison.Ordinal);
        Assert.True(error.IsTransient);
    }

    [Fact]
    public async Task A_wrong_password_is_told_without_showing_it()
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable("PGQUEUE_TEST_CONNECTION") is not null, "A given server may trust anybody.");
        var error = await FailureAsync(await ChangedAsync(s => s.Password = "not the password"));

        Assert.Equal(QueueError.AuthenticationFailed, error.Error);
        Assert.DoesNotContain("not the password", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_database_is_named()
    {
        var error = await FailureAsync(await ChangedAsync(s => s.Database = "no_such_database"));

        Assert.Equal(QueueError.DatabaseMissing, error.Error);
        Assert.Contains("no_such_database", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_schema_is_told_by_every_call()
    {
        await using var queue = await TestQueue.CreateEmptyAsync();

        var errors = new[]
        {
            await Assert.ThrowsAsync<QueueException>(() => queue.Client.AddAsync(NewTask.ForCommand("true"))),
            await Assert.ThrowsAsync<QueueException>(() => queue.Client.GetAsync(1)),
            await Assert.ThrowsAsync<QueueException>(() => queue.Client.CancelAsync([1])),
            await Assert.ThrowsAsync<QueueException>(() => queue.DrainAsync()),
        };

        Assert.All(errors, e =>
        {
            Assert.Equal(QueueError.SchemaMissing, e.Error);
            Assert.Contains("Install-PqSchema", e.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task A_user_without_privileges_is_told_what_is_refused()
    {
        await using var queue = await TestQueue.CreateAsync();
        var role = "poor_" + queue.Schema;
        await queue.SqlAsync($"create role {role} login password 'poor'");
        var settings = new NpgsqlConnectionStringBuilder(queue.ConnectionString) { Username = role, Password = "poor", Passfile = null };
        await using var client = QueueClient.Create(settings.ConnectionString, queue.Schema);

        var error = await Assert.ThrowsAsync<QueueException>(() => client.GetAsync(1));

        Assert.Equal(QueueError.PermissionDenied, error.Error);
        await queue.SqlAsync($"drop role {role}");
    }

    private static async Task<QueueException> FailureAsync(string connectionString)
    {
        await using var client = QueueClient.Create(connectionString);
        return await Assert.ThrowsAsync<QueueException>(() => client.TestConnectionAsync());
    }

    private static async Task<string> ChangedAsync(Action<NpgsqlConnectionStringBuilder> change)
    {
        var settings = new NpgsqlConnectionStringBuilder(await SharedServer.ConnectionStringAsync());
        change(settings);
        return settings.ConnectionString;
    }
}
