using Npgsql;
using Xunit;

namespace PgQueue.Unit;

public sealed class SharedServerTests
{
    [Fact]
    public async Task all_tests_share_one_server()
    {
        var first = await SharedServer.ConnectionStringAsync();
        Assert.Equal(first, await SharedServer.ConnectionStringAsync());
        await using var connection = new NpgsqlConnection(first + ";Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
    }
}
