using Npgsql;
using Xunit;

namespace PgQueue.Unit.Schema;

public sealed class SchemaTests
{
    [Theory]
    [InlineData("plain_one")]
    [InlineData("With \"quotes\" and ' and spaces")]
    [InlineData("schéma-队列")]
    public async Task Any_schema_name_works_from_install_to_a_finished_task(string name)
    {
        await using var queue = await TestQueue.CreateAsync(name + Environment.ProcessId);

        var task = await queue.RunAsync(NewTask.ForCommand("true"));

        Assert.Equal(TaskState.Completed, task.State);
        Assert.True((await queue.Client.GetSchemaStatusAsync()).UpToDate);
    }

    [Fact]
    public async Task Twenty_processes_install_at_once_without_an_error()
    {
        await using var queue = await TestQueue.CreateEmptyAsync();
        var installs = Enumerable.Range(0, 20).Select(_ => HostProcess.Start(queue, "install")).ToList();

        var codes = await Task.WhenAll(installs.Select(i => i.WaitAsync(TimeSpan.FromSeconds(60))));

        Assert.All(installs.Zip(codes), i => Assert.True(i.Second == 0, i.First.Output));
        Assert.True((await queue.Client.GetSchemaStatusAsync()).UpToDate);
        Assert.Equal((long)Migration.All.Count, await queue.SqlAsync("select count(*) from {schema}.migration"));
        foreach (var install in installs)
        {
            await install.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_second_install_changes_nothing()
    {
        await using var queue = await TestQueue.CreateAsync();

        Assert.Equal(0, await queue.Client.InstallSchemaAsync());
    }

    [Fact]
    public async Task An_empty_schema_that_was_made_for_a_role_is_enough_for_it_to_install()
    {
        await using var queue = await TestQueue.CreateEmptyAsync();
        var role = $"installer_{queue.Schema}";
        await queue.SqlAsync($"create role {role} login password 'installer'; create schema {{schema}} authorization {role}");
        try
        {
            var login = ConnectionStrings.WithLogin(queue.ConnectionString, role, "installer") + ";Pooling=false";
            await using var client = QueueClient.Create(login, queue.Schema);

            await client.InstallSchemaAsync();

            Assert.True((await client.GetSchemaStatusAsync()).UpToDate);
        }
        finally
        {
            await queue.SqlAsync($"drop owned by {role} cascade; drop role {role}");
        }
    }

    [Fact]
    public async Task An_interrupted_install_leaves_nothing_and_is_made_good_by_the_next()
    {
        await using var queue = await TestQueue.CreateEmptyAsync();
        // Not pooled: a pooled connection keeps its session, and with it the lock, when it is closed.
        await using var blocker = new NpgsqlConnection(queue.ConnectionString + ";Pooling=false");
        await blocker.OpenAsync();
        await using var hold = new NpgsqlCommand($"select pg_advisory_lock(hashtextextended('pgqueue.install.{queue.Schema}', 0))", blocker);
        await hold.ExecuteNonQueryAsync();
        var install = queue.Client.InstallSchemaAsync();
        const string waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%pgqueue.install.%' || $1 || '%' and pid <> pg_backend_pid()";
        await Until.TrueAsync(async () => await queue.SqlAsync(waiting, queue.Schema) is 1L);

        await queue.SqlAsync("select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and query like '%pgqueue.install.%' || $1 || '%' and pid <> pg_backend_pid()", queue.Schema);

        var error = await Assert.ThrowsAsync<QueueException>(() => install);
        Assert.Equal(QueueError.ConnectionLost, error.Error);
        Assert.False((await queue.Client.GetSchemaStatusAsync()).Installed);
        await blocker.CloseAsync();
        await queue.Client.InstallSchemaAsync();
        Assert.True((await queue.Client.GetSchemaStatusAsync()).UpToDate);
    }

    [Fact]
    public async Task A_schema_newer_than_the_module_is_refused_by_install_and_by_a_worker()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.SqlAsync("insert into {schema}.migration (version, name) values (999, 'from the future')");

        var install = await Assert.ThrowsAsync<QueueException>(() => queue.Client.InstallSchemaAsync());
        var work = await Assert.ThrowsAsync<QueueException>(() => queue.DrainAsync());

        Assert.Equal(QueueError.SchemaTooNew, install.Error);
        Assert.Equal(QueueError.SchemaTooNew, work.Error);
        Assert.Equal($"The schema \"{queue.Schema}\" has version 999, this module knows up to {Migration.Latest}. Update the PgQueue module on this machine.", work.Message);
    }

    [Fact]
    public async Task A_schema_older_than_the_module_is_refused_with_the_cure()
    {
        await using var queue = await TestQueue.CreateAsync();
        await queue.SqlAsync("delete from {schema}.migration where version = $1", Migration.Latest);

        var error = await Assert.ThrowsAsync<QueueException>(() => queue.Client.CheckSchemaAsync());

        Assert.Equal(QueueError.SchemaTooOld, error.Error);
        Assert.Contains("Install-PqSchema", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Somebody_elses_schema_is_not_touched()
    {
        await using var queue = await TestQueue.CreateEmptyAsync();
        await queue.SqlAsync($"create schema {queue.Client.Database.QuotedSchema}");
        await queue.SqlAsync("create table {schema}.customers (id int)");

        var error = await Assert.ThrowsAsync<QueueException>(() => queue.Client.InstallSchemaAsync());

        Assert.Equal(QueueError.SchemaForeign, error.Error);
        Assert.False(await queue.Client.UninstallSchemaAsync());
        Assert.Equal(0L, await queue.SqlAsync("select count(*) from {schema}.customers"));
        await queue.SqlAsync("drop schema {schema} cascade");
    }

    [Fact]
    public async Task The_script_installs_what_the_module_installs()
    {
        await using var queue = await TestQueue.CreateEmptyAsync();

        await queue.SqlAsync(queue.Client.GetSchemaScript());

        Assert.True((await queue.Client.GetSchemaStatusAsync()).UpToDate);
    }

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("pg_mine", "PostgreSQL keeps such names")]
    [InlineData("a_name_that_is_longer_than_the_sixty_three_bytes_that_postgresql_has_for_it", "longer than 63 bytes")]
    public void A_schema_name_that_postgresql_would_not_keep_is_refused(string name, string why)
    {
        var error = Assert.Throws<QueueException>(() => QueueClient.Create("Host=localhost", name));

        Assert.Equal(QueueError.InvalidArgument, error.Error);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_is_too_old_is_refused_with_what_is_needed()
    {
        var error = Assert.Throws<QueueException>(() => SchemaInstaller.CheckServer(new Version(12, 22), "The server"));

        Assert.Equal(QueueError.ServerTooOld, error.Error);
        Assert.StartsWith("The server is version 12.22; PgQueue needs PostgreSQL 13 or newer.", error.Message, StringComparison.Ordinal);
        SchemaInstaller.CheckServer(new Version(13, 0), "The server");
    }

    [Fact]
    public async Task Every_statement_of_the_engine_can_be_prepared()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var connection = await queue.Client.Database.OpenAsync(CancellationToken.None);
        foreach (var file in new[] { "Tasks/query.sql", "Tasks/output.sql", "Workers/workers.sql", "Workers/claim.sql", "Workers/finish.sql", "Workers/cancel_reasons.sql" })
        {
            await using var command = new NpgsqlCommand($"prepare s as {queue.Client.Database.Sql(file)}; deallocate s", connection);
            await command.ExecuteNonQueryAsync();
        }
    }
}
