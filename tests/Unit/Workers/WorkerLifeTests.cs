using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Xunit;

namespace PgQueue.Unit.Workers;

/// <summary>Workers in processes of their own, stopped and killed for real.</summary>
public sealed class WorkerLifeTests
{
    [Fact]
    public async Task A_killed_workers_children_die_and_its_tasks_run_on_the_other_each_completed_once()
    {
        await using var queue = await TestQueue.CreateAsync();
        var ledger = Path.GetTempFileName();
        await using var victim = await HostProcess.WorkerAsync(queue, "--concurrency", "8", "--name", "victim");
        var ids = await AddLongTasksAsync(queue, ledger);
        await Until.TrueAsync(async () => await queue.SqlAsync("select count(*) from {schema}.task where state = 'running'") is 8L
            && (await File.ReadAllLinesAsync(ledger)).Length == 8);
        var children = Machine.ProcessesWith("PGQUEUE_CHILD=").Where(p => Descends(p, victim.Id)).ToList();
        Assert.True(children.Count >= 8);
        await using var heir = await HostProcess.WorkerAsync(queue, "--concurrency", "8", "--name", "heir");

        var killed = Stopwatch.StartNew();
        victim.Kill();
        await Until.TrueAsync(() => Task.FromResult(!children.Any(Machine.IsAlive)), TimeSpan.FromSeconds(2));
        await Until.TrueAsync(
            async () => await queue.SqlAsync("select count(*) from {schema}.task t where state = 'ready' or worker_id = (select id from {schema}.worker where name = 'heir')") is 8L,
            TimeSpan.FromSeconds(2) - killed.Elapsed);
        await File.WriteAllTextAsync(ledger + ".go", "");
        await queue.Client.WaitAsync(ids, timeout: TimeSpan.FromSeconds(30));

        Assert.All(await queue.TasksAsync(), t => Assert.Equal((TaskState.Completed, "heir", 1, 1, 2), (t.State, t.Worker, t.Attempt, t.Lost, t.Run)));
        Assert.Equal(8L, await queue.SqlAsync("select count(distinct id) from {schema}.history"));
        Assert.Equal(8L, await queue.SqlAsync("select count(*) from {schema}.history"));
        heir.Terminate();
        await heir.WaitAsync();
        File.Delete(ledger);
        File.Delete(ledger + ".go");
    }

    [Fact]
    public async Task A_worker_told_to_stop_finishes_its_tasks_and_leaves_nothing_running()
    {
        await using var queue = await TestQueue.CreateAsync();
        var ids = await queue.Client.AddAsync([.. Enumerable.Range(0, 4).Select(_ => NewTask.ForCommand("sleep", "1"))], null);
        await using var worker = await HostProcess.WorkerAsync(queue, "--concurrency", "2");
        await Until.TrueAsync(async () => await queue.SqlAsync("select count(*) from {schema}.task where state = 'running'") is 2L);

        worker.Terminate();
        var code = await worker.WaitAsync();

        Assert.Equal(0, code);
        Assert.Equal(2L, await queue.SqlAsync("select count(*) from {schema}.history where state = 'completed'"));
        Assert.Equal(2L, await queue.SqlAsync("select count(*) from {schema}.task where state = 'ready'"));
        Assert.Equal(0L, await queue.SqlAsync("select count(*) from {schema}.worker"));
        Assert.Equal(4, ids.Count);
    }

    [Fact]
    public async Task A_second_signal_ends_the_tasks_which_are_free_at_once_with_no_attempt_used()
    {
        await using var queue = await TestQueue.CreateAsync();
        var (endless, mark) = Machine.Marked(NewTask.ForCommand("sleep", "300"));
        var id = (await queue.Client.AddAsync(endless)).Id;
        await using var worker = await HostProcess.WorkerAsync(queue);
        await Until.TrueAsync(async () => (await queue.TaskAsync(id)).State == TaskState.Running);

        worker.Terminate();
        await Until.TrueAsync(() => Task.FromResult(worker.Output.Contains("draining", StringComparison.Ordinal)));
        worker.Terminate();
        var code = await worker.WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Equal(0, code);
        var task = await queue.TaskAsync(id);
        Assert.Equal((TaskState.Ready, 0, 0, null), (task.State, task.Attempt, task.Lost, task.Error));
        Assert.Empty(Machine.ProcessesWith(mark));
    }

    [Fact]
    public async Task A_soft_stop_that_runs_out_of_time_frees_its_tasks_and_one_that_finishes_in_time_is_completed()
    {
        await using var queue = await TestQueue.CreateAsync();
        var quick = (await queue.Client.AddAsync(NewTask.ForCommand("sleep", "0.7"))).Id;
        var slow = (await queue.Client.AddAsync(NewTask.ForCommand("sleep", "300"))).Id;
        await using var worker = await HostProcess.WorkerAsync(queue, "--concurrency", "2", "--stop-grace", "2");
        await Until.TrueAsync(async () => await queue.SqlAsync("select count(*) from {schema}.task where state = 'running'") is 2L);

        worker.Terminate();
        await worker.WaitAsync();

        Assert.Equal(TaskState.Completed, (await queue.TaskAsync(quick)).State);
        var freed = await queue.TaskAsync(slow);
        Assert.Equal((TaskState.Ready, 0), (freed.State, freed.Attempt));
    }

    [Fact]
    public async Task A_killed_guardian_is_replaced_and_does_its_work()
    {
        await using var queue = await TestQueue.CreateAsync();
        var time = "300." + Environment.TickCount64.ToString(CultureInfo.InvariantCulture);
        await queue.Client.AddAsync(NewTask.ForCommand("sh", "-c", $"setsid sleep {time} & sleep 0.3; env -i setsid sh -c 'sleep {time} &'; wait"));
        await using var worker = await HostProcess.WorkerAsync(queue);
        await Until.TrueAsync(() => Task.FromResult(Machine.ProcessesRunning($"sleep\0{time}\0").Count == 2));
        var first = Assert.Single(Guardians());

        using (Process.Start("kill", ["-9", first.ToString(CultureInfo.InvariantCulture)]))
        {
            await Until.TrueAsync(() => Task.FromResult(Guardians() is [var second] && second != first));
        }

        worker.Kill();
        await Until.TrueAsync(() => Task.FromResult(Machine.ProcessesRunning(time).Count == 0), TimeSpan.FromSeconds(5));

        List<int> Guardians() => [.. Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(pid => pid > 0 && Descends(pid, worker.Id) && Machine.CommandLine(pid).Contains("pgqueue-guardian", StringComparison.Ordinal) && Machine.IsAlive(pid))];
    }

    [Fact]
    public async Task A_worker_that_is_killed_in_its_first_moments_leaves_no_folder_behind()
    {
        await using var queue = await TestQueue.CreateAsync();
        using var folder = new TemporaryFolder();
        var environment = new Dictionary<string, string> { ["TMPDIR"] = folder.Path, ["DOTNET_EnableDiagnostics"] = "0" };

        for (var kills = 0; kills < 5; kills++)
        {
            using var watcher = new FileSystemWatcher(folder.Path);
            var made = new TaskCompletionSource();
            watcher.Created += (_, _) => made.TrySetResult();
            watcher.EnableRaisingEvents = true;
            await using var worker = HostProcess.StartWorker(queue, environment);
            await made.Task.WaitAsync(TimeSpan.FromSeconds(30));
            worker.Kill();
        }

        await Until.TrueAsync(() => Task.FromResult(!Directory.EnumerateFileSystemEntries(folder.Path).Any()));
    }

    [Fact]
    public async Task A_worker_is_told_to_stop_through_the_database()
    {
        await using var queue = await TestQueue.CreateAsync();
        await using var worker = await HostProcess.WorkerAsync(queue, "--name", "remote");
        var workers = new List<WorkerInfo>();
        await foreach (var info in queue.Client.GetWorkersAsync())
        {
            workers.Add(info);
        }

        var remote = Assert.Single(workers);
        Assert.Equal(("remote", worker.Id), (remote.Name, remote.ProcessId));
        await queue.Client.StopWorkersAsync([remote.Id]);

        Assert.Equal(0, await worker.WaitAsync());
    }

    [Fact]
    public async Task A_worker_whose_session_is_terminated_keeps_its_tasks()
    {
        await using var queue = await TestQueue.CreateAsync();
        var id = (await queue.Client.AddAsync(NewTask.ForCommand("sleep", "3"))).Id;
        await using var worker = await HostProcess.WorkerAsync(queue);
        await Until.TrueAsync(async () => (await queue.TaskAsync(id)).State == TaskState.Running);

        await queue.SqlAsync("select pg_terminate_backend(backend_pid) from {schema}.worker");
        await queue.Client.WaitAsync([id], timeout: TimeSpan.FromSeconds(20));

        var task = await queue.TaskAsync(id);
        Assert.Equal((TaskState.Completed, 0, 1), (task.State, task.Lost, task.Run));
        Assert.Contains("is back", worker.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_frozen_worker_loses_its_tasks_and_its_late_answer_changes_nothing()
    {
        await using var queue = await TestQueue.CreateAsync();
        var (endless, mark) = Machine.Marked(NewTask.ForCommand("sleep", "300"));
        var id = (await queue.Client.AddAsync(endless)).Id;
        await using var frozen = await HostProcess.WorkerAsync(queue, "--name", "frozen");
        await Until.TrueAsync(async () => (await queue.TaskAsync(id)).State == TaskState.Running);
        await using var other = await HostProcess.WorkerAsync(queue, "--name", "other");

        using (Process.Start("kill", ["-STOP", frozen.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await queue.SqlAsync("select pg_terminate_backend(backend_pid) from {schema}.worker where name = 'frozen'");
            await Until.TrueAsync(async () => (await queue.TaskAsync(id)) is { Worker: "other", State: TaskState.Running }, TimeSpan.FromSeconds(10));
        }

        using (Process.Start("kill", ["-CONT", frozen.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await Until.TrueAsync(() => Task.FromResult(frozen.Output.Contains("given up", StringComparison.Ordinal)));
        }

        await Until.TrueAsync(() => Task.FromResult(Machine.ProcessesWith(mark).Count == 1));
        var task = await queue.TaskAsync(id);
        Assert.Equal((TaskState.Running, "other", 2), (task.State, task.Worker, task.Run));
        await queue.Client.CancelAsync([id]);
        await queue.Client.WaitAsync([id], timeout: TimeSpan.FromSeconds(20));
    }

    /// <summary>Eight tasks of all kinds that write to the ledger when they start and end when they are let go.</summary>
    private static async Task<long[]> AddLongTasksAsync(TestQueue queue, string ledger)
    {
        var shell = $"echo run >> {ledger}; while [ ! -e {ledger}.go ]; do sleep 0.1; done";
        var script = $"sh -c 'echo run >> {ledger}'; while (-not (Test-Path '{ledger}.go')) {{ Start-Sleep -Milliseconds 100 }}";
        var hasPwsh = Executables.Find("pwsh", Environment.GetEnvironmentVariable("PATH"), "/") is not null;
        var tasks = Enumerable.Range(0, 8).Select(n => (n % 3) switch
        {
            0 => NewTask.ForCommand("sh", "-c", shell),
            1 => NewTask.ForMethod(BuiltFile.Samples, "PgQueue.TaskSamples.Samples::WaitForFileAsync", JsonValue.Create(ledger)),
            _ => hasPwsh ? NewTask.ForScript(script) : NewTask.ForCommand("sh", "-c", shell),
        });
        return [.. (await queue.Client.AddAsync([.. tasks], null)).Select(a => a.Id)];
    }

    private static bool Descends(int processId, int ancestor)
    {
        while (processId > 1)
        {
            var stat = File.Exists($"/proc/{processId}/stat") ? File.ReadAllText($"/proc/{processId}/stat") : "";
            if (stat.Length == 0)
            {
                return false;
            }

            processId = int.Parse(stat[(stat.LastIndexOf(')') + 4)..].Split(' ')[0], CultureInfo.InvariantCulture);
            if (processId == ancestor)
            {
                return true;
            }
        }

        return false;
    }
}
