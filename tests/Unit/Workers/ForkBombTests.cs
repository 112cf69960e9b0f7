using System.Collections.Concurrent;
using System.Globalization;
using Xunit;

namespace PgQueue.Unit.Workers;

/// <summary>
/// Tasks whose processes multiply: all of them are counted, stopped and killed. Each bomb here is bounded, so that it does
/// the machine no harm where the limit fails: it ends by itself with a thousand processes asleep, and those end as well.
/// </summary>
public sealed class ForkBombTests : IDisposable
{
    private const string Depth = "10";

    /// <summary>In the command line of every process of a bomb: how long its last ones sleep.</summary>
    private readonly string _fuse = "60." + Environment.TickCount64.ToString(CultureInfo.InvariantCulture);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The classic, in one process group.</summary>
    private NewTask Pipes() => NewTask.ForCommand(
        "bash", "-c", $$"""b() { if [ $1 -gt 0 ]; then b $(($1 - 1)) | b $(($1 - 1)) & else exec sleep {{_fuse}}; fi; }; b {{Depth}}; sleep {{_fuse}}""");

    /// <summary>Each process makes two in sessions of their own and ends: none has a parent, a group or a session in common.</summary>
    private NewTask Daemons(string then) => Bomb("setsid sh \"$0\" $1 $(($2 - 1)) & setsid sh \"$0\" $1 $(($2 - 1)) &", then);

    /// <summary>The same, and they have nothing of its environment either.</summary>
    private NewTask Scrubbed() => Bomb("env -i setsid sh \"$0\" $1 $(($2 - 1)) & env -i setsid sh \"$0\" $1 $(($2 - 1)) &", "sleep " + _fuse);

    private NewTask Bomb(string multiply, string then)
    {
        var file = _folder.File("bomb.sh", $"[ $2 -gt 0 ] || exec sleep $1\n{multiply}\n");
        return NewTask.ForCommand("sh", "-c", $"sleep 0.3; sh {file} {_fuse} {Depth} & {then}");
    }

    public static TheoryData<string> Bombs => ["pipes", "daemons", "scrubbed"];

    [Theory]
    [MemberData(nameof(Bombs))]
    public async Task A_fork_bomb_ends_its_task_by_the_process_limit_and_nothing_of_it_is_left(string kind)
    {
        await using var queue = await TestQueue.CreateAsync();
        var bomb = kind switch { "pipes" => Pipes(), "daemons" => Daemons("sleep " + _fuse), _ => Scrubbed() };

        var task = await queue.RunBesideAsync(bomb with { ProcessLimit = 100 });

        Assert.Equal((TaskState.Failed, TaskEnd.Processes), (task.State, task.Ended));
        Assert.Matches(@"^The task had \d.* processes at once, more than its limit of 100\. If it needs them, give it a higher ProcessLimit\.$", task.Error!.Message);
        Assert.Empty(Machine.ProcessesRunning(_fuse));
    }

    [Fact]
    public async Task What_a_task_leaves_behind_is_ended_as_well_when_it_multiplies()
    {
        await using var queue = await TestQueue.CreateAsync();
        var light = Path.Combine(_folder.Path, "light");
        _ = Daemons("");
        var delayed = NewTask.ForCommand(
            "sh",
            "-c",
            $"setsid sh -c 'touch {light}.up; until [ -e {light} ]; do sleep 0.1; done; sh {_folder.Path}/bomb.sh {_fuse} {Depth}' > {light}.txt 2>&1 & until [ -e {light}.up ]; do sleep 0.1; done");
        var warnings = new ConcurrentQueue<string>();
        void Listen(WorkerEvent e)
        {
            if (e is WorkerWarning warning)
            {
                warnings.Enqueue(warning.Message);
            }
        }

        var task = await queue.RunBesideAsync(
            delayed with { ProcessLimit = 100 },
            new() { OnEvent = Listen },
            async () =>
            {
                await File.WriteAllTextAsync(light, "");
                await Until.TrueAsync(() => Task.FromResult(!warnings.IsEmpty && Machine.ProcessesRunning(_fuse).Count == 0));
            });

        Assert.Equal(TaskState.Completed, task.State);
        Assert.Contains($"task {task.Id} ", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_script_that_starts_a_fork_bomb_is_ended_by_the_workers_limit()
    {
        Machine.NeedsPwsh();
        await using var queue = await TestQueue.CreateAsync();
        _ = Daemons("wait");

        var task = await queue.RunBesideAsync(
            NewTask.ForScript($"sh {Path.Combine(_folder.Path, "bomb.sh")} {_fuse} {Depth}; Start-Sleep 60"), new() { ProcessLimit = 200 });

        Assert.Equal((TaskState.Failed, TaskEnd.Processes), (task.State, task.Ended));
        Assert.Contains("more than the worker's limit of 200.", task.Error!.Message, StringComparison.Ordinal);
        Assert.Empty(Machine.ProcessesRunning(_fuse));
    }

    [Fact]
    public async Task As_many_processes_as_the_limit_allows_are_let_be()
    {
        await using var queue = await TestQueue.CreateAsync();

        // With the shell they are 21.
        var within = await queue.RunBesideAsync(NewTask.ForCommand("sh", "-c", "for n in $(seq 20); do sleep 1 & done; wait") with { ProcessLimit = 21 });
        var over = await queue.RunAsync(NewTask.ForCommand("sh", "-c", "for n in $(seq 20); do sleep 10 & done; wait") with { ProcessLimit = 20 });

        Assert.Equal((TaskState.Completed, TaskEnd.Processes), (within.State, over.Ended));
        Assert.StartsWith("The task had 21 processes at once, more than its limit of 20.", over.Error!.Message, StringComparison.Ordinal);
    }
}
