using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace PgQueue.Unit.TaskHost;

/// <summary>A child whose worker is gone ends, whatever its task does, and takes along what the task started.</summary>
public sealed partial class OrphanTests
{
    private const int Killed = 137;

    private static readonly TimeSpan Promise = TimeSpan.FromSeconds(2);

    public OrphanTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Looks into /proc.");

    [Theory]
    [InlineData("method")]
    [InlineData("script")]
    public async Task An_idle_child_ends(string kind)
    {
        await using var worker = await FakeWorker.StartAsync(kind);

        worker.Die();

        Assert.Equal(Killed, await ExitInTimeAsync(worker));
    }

    [Theory]
    [InlineData("Misbehaviour::Spin", "spinning")]
    [InlineData("Misbehaviour::StarveThreadPool", "starving")]
    public async Task A_busy_method_ends(string method, string sign)
    {
        await using var worker = await FakeWorker.StartAsync("method");
        await worker.SendMethodAsync(method);
        await worker.UntilAsync(w => w.Printed.Contains(sign, StringComparison.Ordinal));

        worker.Die();

        Assert.Equal(Killed, await ExitInTimeAsync(worker));
    }

    [Fact]
    public async Task A_busy_script_ends()
    {
        PowerShellPresence.Require();
        await using var worker = await FakeWorker.StartAsync("script");
        await worker.SendScriptAsync("'busy'; while ($true) { }");
        await worker.UntilAsync(w => w.Records().Count > 0);

        worker.Die();

        Assert.Equal(Killed, await ExitInTimeAsync(worker));
    }

    [Fact]
    public async Task A_script_held_back_by_a_full_queue_ends()
    {
        PowerShellPresence.Require();
        await using var worker = await FakeWorker.StartAsync("script");
        await worker.SendScriptAsync("$line = 'x' * 1000; while ($true) { $line }");
        await worker.UntilAsync(w => w.Records().Count > 1000);

        worker.Die();

        Assert.Equal(Killed, await ExitInTimeAsync(worker));
    }

    [Theory]
    [InlineData("Misbehaviour::SpawnAndHang")]
    [InlineData("Misbehaviour::SpawnDetachedAndHang")]
    public async Task What_the_task_started_ends_too(string method)
    {
        await using var worker = await FakeWorker.StartAsync("method");
        await worker.SendMethodAsync(method, 600);
        await worker.UntilAsync(w => Pid().IsMatch(w.Printed));
        var grandchild = int.Parse(Pid().Match(worker.Printed).Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.True(IsAlive(grandchild));

        worker.Die();

        Assert.Equal(Killed, await ExitInTimeAsync(worker));
        Assert.True(SpinWait.SpinUntil(() => !IsAlive(grandchild), Promise), $"Process {grandchild} outlived its worker.");
    }

    private static async Task<int> ExitInTimeAsync(FakeWorker worker)
    {
        await worker.Process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Promise, TestContext.Current.CancellationToken);
        return worker.Process.ExitCode;
    }

    // A zombie has ended; only its parent has not looked yet.
    private static bool IsAlive(int processId)
    {
        try
        {
            return !File.ReadAllText($"/proc/{processId}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"pid (\d+)\r?\n")]
    private static partial Regex Pid();
}
