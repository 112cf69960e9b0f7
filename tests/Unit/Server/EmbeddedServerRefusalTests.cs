using Xunit;

namespace PgQueue.Unit;

/// <summary>What a server refuses before it does anything.</summary>
public sealed class EmbeddedServerRefusalTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_folder_without_binaries_is_refused_by_name()
    {
        await using var directory = await TestDirectory.CreateAsync();
        var server = new EmbeddedServer(directory.Options() with { BinDirectory = directory.Path });
        var error = await Assert.ThrowsAsync<EmbeddedServerException>(() => server.StartAsync(Token));
        Assert.StartsWith($"BinDirectory names '{directory.Path}', which lacks initdb, pg_ctl, postgres.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task data_of_another_major_version_is_refused_with_both_versions()
    {
        await using var directory = await TestDirectory.CreateAsync();
        var home = new ServerHome(directory.Server);
        home.Create();
        var account = await ServerAccount.ResolveAsync(null, Token);
        new ServerState { Owner = Environment.UserName, Account = account.Name }.Save(home);
        await File.WriteAllTextAsync(Path.Combine(account.MakePrivateDirectory(home.Cluster), "PG_VERSION"), "99\n", Token);
        var error = await Assert.ThrowsAsync<EmbeddedServerException>(() => new EmbeddedServer(directory.Options()).StartAsync(Token));
        Assert.Contains(", which is PostgreSQL ", error.Message, StringComparison.Ordinal);
        Assert.Contains(", but the data was made by PostgreSQL 99.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_folder_that_is_not_a_servers_is_neither_used_nor_removed()
    {
        await using var directory = await TestDirectory.CreateAsync();
        Directory.CreateDirectory(directory.Server);
        var precious = Path.Combine(directory.Server, "precious.txt");
        await File.WriteAllTextAsync(precious, "mine", Token);
        var server = new EmbeddedServer(directory.Options());
        foreach (var act in (Func<Task>[])[() => server.RemoveAsync(Token), () => server.StartAsync(Token)])
        {
            var error = await Assert.ThrowsAsync<EmbeddedServerException>(act);
            Assert.Contains("is not an embedded server's: it has no server.json but holds 'precious.txt'", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal([precious], Directory.EnumerateFileSystemEntries(directory.Server));
    }

    [Fact]
    public async Task a_users_file_among_the_servers_is_left_and_told_when_it_is_removed()
    {
        await using var directory = await TestDirectory.CreateAsync();
        var home = new ServerHome(directory.Server);
        home.Create();
        new ServerState { Owner = Environment.UserName }.Save(home);
        var precious = Path.Combine(directory.Server, "precious.txt");
        await File.WriteAllTextAsync(precious, "mine", Token);
        var error = await Assert.ThrowsAsync<EmbeddedServerException>(() => new EmbeddedServer(directory.Options()).RemoveAsync(Token));
        Assert.Contains("precious.txt", error.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(precious));
    }

    [Theory]
    [InlineData("port", "1", "'port' is managed")]
    [InlineData("no such", "1", "'no such' is not the name")]
    [InlineData("work_mem", "1\nport = 2", "'work_mem' is null or has a line break")]
    public void a_setting_that_would_break_it_is_refused(string name, string value, string message)
    {
        var options = new EmbeddedServerOptions { DataDirectory = "unused", Settings = new Dictionary<string, string> { [name] = value } };
        var error = Assert.Throws<ArgumentException>(() => new EmbeddedServer(options));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
