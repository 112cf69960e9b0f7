using System.Globalization;
using Xunit;

namespace PgQueue.Unit;

/// <summary>A network of its own for a process, whose only line can be cut without either end being told.</summary>
internal sealed class CutLine : IAsyncDisposable
{
    private readonly string _name;

    private CutLine(string name) => _name = name;

    /// <summary>This machine's address as seen from inside.</summary>
    public string Address { get; private set; } = "";

    /// <summary>What to put before a command for it to run inside.</summary>
    public string[] Inside => ["ip", "netns", "exec", _name];

    /// <summary>Skips the test where networks can't be made.</summary>
    public static async Task<CutLine> CreateAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && ExecutablePath.Find("ip") is not null, "There is no ip on PATH (iproute2).");
        var id = Environment.ProcessId & 0x3fff;
        var line = new CutLine(string.Create(CultureInfo.InvariantCulture, $"pgq{id}"));
        Assert.SkipUnless(await RunAsync("netns", "add", line._name), "Network namespaces are not permitted here.");
        try
        {
            var net = string.Create(CultureInfo.InvariantCulture, $"10.{192 + (id >> 8)}.{id & 0xff}");
            line.Address = net + ".1";
            string[][] steps =
            [
                ["link", "add", line._name + "a", "address", "02:00:00:00:00:01", "type", "veth", "peer", "name", "far", "address", "02:00:00:00:00:02", "netns", line._name],
                ["addr", "add", net + ".1/30", "dev", line._name + "a"],
                ["-n", line._name, "addr", "add", net + ".2/30", "dev", "far"],
                ["-n", line._name, "link", "set", "lo", "up"],
                ["-n", line._name, "link", "set", "dev", "far", "up"],
                ["link", "set", line._name + "a", "up"],
                // Else it would be told that nobody answers for the address.
                ["-n", line._name, "neigh", "replace", net + ".1", "lladdr", "02:00:00:00:00:01", "dev", "far", "nud", "permanent"],
            ];
            foreach (var step in steps)
            {
                Assert.SkipUnless(await RunAsync(step), $"Networks can't be made here: ip {string.Join(' ', step)}.");
            }

            return line;
        }
        catch
        {
            await line.DisposeAsync();
            throw;
        }
    }

    public Task CutAsync() => RunAsync("link", "set", _name + "a", "down");

    public Task MendAsync() => RunAsync("link", "set", _name + "a", "up");

    public async ValueTask DisposeAsync()
    {
        await RunAsync("link", "del", _name + "a");
        await RunAsync("netns", "del", _name);
    }

    private static async Task<bool> RunAsync(params string[] arguments) =>
        (await ServerCommand.RunAsync("ip", arguments, "/", killTree: false, CancellationToken.None)).Succeeded;
}
