using Npgsql;
using Xunit;

namespace PgQueue.Unit.Connections;

public sealed class NotificationWaitTests
{
    [Fact]
    public async Task A_wait_of_less_than_a_millisecond_ends()
    {
        await using var connection = new NpgsqlConnection(await SharedServer.ConnectionStringAsync());
        await connection.OpenAsync();

        // Npgsql takes 0 milliseconds for ever: a worker's session once stood still there.
        Assert.False(await connection.WaitAtMostAsync(TimeSpan.FromTicks(1), default).WaitAsync(TimeSpan.FromSeconds(10)));
    }
}
