using System.Globalization;
using Npgsql;
using Xunit;

namespace PgQueue.Unit;

/// <summary>A server after crashes, and while it is in the way of itself.</summary>
public sealed class EmbeddedServerRecoveryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_killed_server_is_seen_as_stopped_and_starts_again_with_its_data()
    {
        await using var directory = await TestDirectory.CreateAsync();
        var server = new EmbeddedServer(directory.Options());
        var first = await server.StartAsync(Token);
        await EmbeddedServerTests.ScalarAsync(first, "create table kept as select 7");
        await using var busy = new NpgsqlConnection(first.ConnectionString + ";Pooling=false");
        await busy.OpenAsync(Token);

        // A backend that computes doesn't notice its server's death for a while, and holds the shared memory.
        await using var command = new NpgsqlCommand("select count(*) from generate_series(1, 2000000) n", busy);
        var query = command.ExecuteScalarAsync(Token);
        await ServerProcesses.UntilAsync(async () => (long)(await EmbeddedServerTests.ScalarAsync(
            first, "select count(*) from pg_stat_activity where state = 'active' and query like '%generate_series(1, 2%' and pid <> pg_backend_pid()"))! == 1, Token);
        await ServerProcesses.KillAsync(first.ProcessId!.Value, Token);

        Assert.False((await server.GetStatusAsync(Token)).Running);
        Assert.False(await server.StopAsync(ct: Token));
        var second = await server.StartAsync(Token);
        Assert.NotEqual(first.ProcessId, second.ProcessId);
        Assert.Equal(7, await EmbeddedServerTests.ScalarAsync(second, "select * from kept"));
        await Record.ExceptionAsync(() => query);
    }

    [Fact]
    public async Task a_left_over_process_id_that_another_process_has_now_is_recovered_from()
    {
        await using var directory = await TestDirectory.CreateAsync();
        var server = new EmbeddedServer(directory.Options());
        var first = await server.StartAsync(Token);
        await ServerProcesses.KillAsync(first.ProcessId!.Value, Token);

        // PostgreSQL itself takes any live process of its own user for its server.
        var account = await ServerAccount.ResolveAsync(null, Token);
        var answer = Path.Combine(account.MakePrivateDirectory(Path.Combine(directory.Path, "foreign")), "id");
        using var end = new CancellationTokenSource();
        var foreign = account.RunScriptAsync("echo $$ > \"$1\"; exec sleep 60", [answer], "/", end.Token);
        await ServerProcesses.UntilAsync(() => Task.FromResult(File.Exists(answer) && File.ReadAllText(answer).EndsWith('\n')), Token);
        var id = int.Parse(await File.ReadAllTextAsync(answer, Token), CultureInfo.InvariantCulture);
        foreach (var file in (string[])[PostmasterPid.PathIn(Path.Combine(directory.Server, "data")), Path.Combine(first.Host!, $".s.PGSQL.{first.Port}.lock")])
        {
            var lines = await File.ReadAllLinesAsync(file, Token);
            lines[0] = id.ToString(CultureInfo.InvariantCulture);
            await File.WriteAllLinesAsync(file, lines, Token);
        }

        Assert.False((await server.GetStatusAsync(Token)).Running);
        Assert.False(await server.StopAsync(ct: Token));
        var second = await server.StartAsync(Token);
        Assert.True(second.Running);
        Assert.NotEqual(id, second.ProcessId);
        Assert.False(foreign.IsCompleted);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => foreign);
    }

    [Fact]
    public async Task a_start_that_was_interrupted_while_it_made_the_data_is_repeated()
    {
        await using var directory = await TestDirectory.CreateAsync();
        var server = new EmbeddedServer(directory.Options());
        using var interrupt = new CancellationTokenSource();
        var begun = server.StartAsync(interrupt.Token);
        var half = Path.Combine(directory.Server, "data.new", "base");
        await ServerProcesses.UntilAsync(() => Task.FromResult(Directory.Exists(half)), Token);
        await interrupt.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => begun);
        Assert.True(Directory.Exists(half));
        Assert.False((await server.GetStatusAsync(Token)).Running);

        var status = await server.StartAsync(Token);
        Assert.Equal(1, await EmbeddedServerTests.ScalarAsync(status, "select 1"));
        Assert.False(Directory.Exists(half));
    }

    [Fact]
    public async Task a_setting_that_keeps_it_from_starting_is_told_with_the_logs_end()
    {
        await using var directory = await TestDirectory.CreateAsync();
        var bad = new EmbeddedServer(directory.Options(("shared_buffers", "many")));
        var error = await Assert.ThrowsAsync<EmbeddedServerException>(() => bad.StartAsync(Token));
        Assert.Contains("invalid value for parameter \"shared_buffers\": \"many\"", error.Message, StringComparison.Ordinal);
        Assert.True((await new EmbeddedServer(directory.Options(("work_mem", "5MB"))).StartAsync(Token)).Running);
    }

    [Fact]
    public async Task a_lock_that_is_held_too_long_is_told()
    {
        await using var directory = await TestDirectory.CreateAsync();
        var home = new ServerHome(directory.Server);
        using (await ServerLock.AcquireAsync(home, create: true, Token))
        {
            var server = new EmbeddedServer(directory.Options() with { StartTimeout = TimeSpan.FromMilliseconds(200) });
            var error = await Assert.ThrowsAsync<EmbeddedServerException>(() => server.StartAsync(Token));
            Assert.Contains("was not ready within 0.2 s: another process holds its lock", error.Message, StringComparison.Ordinal);
        }

        await new EmbeddedServer(directory.Options()).RemoveAsync(Token);
        Assert.False(Directory.Exists(directory.Server));
    }
}
