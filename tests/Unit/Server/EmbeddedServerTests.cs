using System.Globalization;
using Npgsql;
using Xunit;

namespace PgQueue.Unit;

/// <summary>A server's ordinary life.</summary>
public sealed class EmbeddedServerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_server_starts_once_answers_stops_keeps_its_data_and_is_removed()
    {
        await using var directory = await TestDirectory.CreateAsync();
        var server = new EmbeddedServer(new EmbeddedServerOptions { DataDirectory = directory.Server });
        var started = await server.StartAsync(Token);
        Assert.True(started.Running);
        Assert.Equal("on", await ScalarAsync(started, "show fsync"));
        Assert.Equal("UTF8 C 200", await ScalarAsync(started,
            "select concat_ws(' ', pg_encoding_to_char(encoding), datcollate, current_setting('max_connections')) from pg_database where datname = 'postgres'"));
        await ScalarAsync(started, "create table kept as select 7");

        var again = await new EmbeddedServer(directory.Options()).StartAsync(Token);
        Assert.Equal(started, again);
        Assert.Equal(started, await server.GetStatusAsync(Token));
        Assert.True(await server.StopAsync(ct: Token));
        Assert.False(await server.StopAsync(ct: Token));
        var stopped = await server.GetStatusAsync(Token);
        Assert.Equal(
            new EmbeddedServerStatus { DataDirectory = directory.Server, BinDirectory = started.BinDirectory, Version = started.Version }, stopped);

        var restarted = await server.StartAsync(Token);
        Assert.NotEqual(started.ProcessId, restarted.ProcessId);
        Assert.Equal((started.Host, started.Port), (restarted.Host, restarted.Port));
        Assert.Equal(7, await ScalarAsync(restarted, "select * from kept"));
        await server.RemoveAsync(Token);
        Assert.False(Directory.Exists(directory.Server));
    }

    [Fact]
    public async Task looking_at_or_stopping_a_missing_server_makes_nothing()
    {
        await using var directory = await TestDirectory.CreateAsync();
        var server = new EmbeddedServer(directory.Options());
        Assert.Equal(new EmbeddedServerStatus { DataDirectory = directory.Server }, await server.GetStatusAsync(Token));
        Assert.False(await server.StopAsync(ct: Token));
        await server.RemoveAsync(Token);
        Assert.False(Directory.Exists(directory.Server));
    }

    [Fact]
    public async Task the_password_is_required_and_only_its_owner_can_read_it()
    {
        await using var directory = await TestDirectory.CreateAsync();
        var status = await new EmbeddedServer(directory.Options()).StartAsync(Token);
        var file = Path.Combine(directory.Server, "password");
        var password = (await File.ReadAllTextAsync(file, Token)).Trim();
        Assert.True(password.Length * 4 >= 128);
        Assert.DoesNotContain(password, $"{status} {status.ConnectionString} {status.Uri}", StringComparison.Ordinal);
        Assert.Contains(password, ConnectionStrings.WithPassword(status.ConnectionString!), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(directory.Server, "pgpass")));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(status.Host!));
        }

        Assert.Equal("scram-sha-256", await ScalarAsync(status, "select string_agg(distinct auth_method, ' ') from pg_hba_file_rules"));
        var wrong = new NpgsqlConnectionStringBuilder(status.ConnectionString) { Password = "wrong", Pooling = false };
        await using var connection = new NpgsqlConnection(wrong.ConnectionString);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => connection.OpenAsync(Token));
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refused.SqlState);
        Assert.Single(Directory.EnumerateFiles(directory.Server, "password*"));
    }

    [Fact]
    public async Task starters_in_threads_and_processes_get_the_same_server_and_it_outlives_them_and_holds_no_pipe()
    {
        await using var directory = await TestDirectory.CreateAsync();
        var processes = Enumerable.Range(0, 3).Select(_ => ServerProcesses.StartServerAsync(directory.Server, Token));
        var threads = Enumerable.Range(0, 8).Select(_ => Task.Run(
            async () => (await new EmbeddedServer(directory.Options()).StartAsync(Token)).ProcessId!.Value, Token));
        var all = await Task.WhenAll(processes.Concat(threads).ToList());
        var one = Assert.Single(all.Distinct());
        Assert.Equal(one, (await new EmbeddedServer(directory.Options()).GetStatusAsync(Token)).ProcessId);
        if (OperatingSystem.IsLinux())
        {
            // What Ctrl+C reaches is the session of the terminal; the server leads one of its own.
            var fields = (await File.ReadAllTextAsync($"/proc/{one}/stat", Token)).Split(") ")[1].Split(' ');
            Assert.Equal(one.ToString(CultureInfo.InvariantCulture), fields[3]);
        }
    }

    [Fact]
    public async Task a_path_with_spaces_and_quotes_that_is_too_long_for_a_socket_works()
    {
        await using var directory = await TestDirectory.CreateAsync();
        var path = Path.Combine(directory.Server, "it's a path, and a long one; " + new string('x', 100));
        var server = new EmbeddedServer(directory.Options() with { DataDirectory = path });
        Directory.CreateDirectory(directory.Server);
        var status = await server.StartAsync(Token);
        Assert.True(status.Running);
        Assert.Equal(1, await ScalarAsync(status, "select 1"));
        Assert.Equal(OperatingSystem.IsWindows(), status.Host == "127.0.0.1");
        Assert.True(await server.StopAsync(ServerStopMode.Immediate, Token));
        Assert.False(Directory.Exists(status.Host));
        await server.RemoveAsync(Token);
    }

    [Fact]
    public async Task a_stop_that_waits_for_clients_says_how_not_to()
    {
        await using var directory = await TestDirectory.CreateAsync();
        var status = await new EmbeddedServer(directory.Options()).StartAsync(Token);
        await using var connection = new NpgsqlConnection(status.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(Token);
        var impatient = new EmbeddedServer(directory.Options() with { StartTimeout = TimeSpan.FromSeconds(1) });
        var error = await Assert.ThrowsAsync<EmbeddedServerException>(() => impatient.StopAsync(ServerStopMode.Smart, Token));
        Assert.Contains("mode Fast", error.Message, StringComparison.Ordinal);
        Assert.True(await new EmbeddedServer(directory.Options()).StopAsync(ServerStopMode.Fast, Token));
    }

    internal static async Task<object?> ScalarAsync(EmbeddedServerStatus status, string sql)
    {
        await using var connection = new NpgsqlConnection(status.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(Token);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Token);
    }
}
