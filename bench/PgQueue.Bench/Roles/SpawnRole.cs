using System.Diagnostics;
using System.Text.Json.Nodes;

namespace PgQueue.Bench;

/// <summary>A bare loop that starts a program by System.Diagnostics.Process and waits for its end, several at a time.</summary>
internal sealed class SpawnRole(string connectionString) : Role(connectionString)
{
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected override async Task<JsonObject?> DoAsync(string verb, JsonObject with, CancellationToken cancellationToken)
    {
        if (verb != "loop")
        {
            throw Unknown(verb);
        }

        var program = (string)with["file"]!;
        string[] arguments = [.. with["args"]!.AsArray().Select(a => (string)a!)];
        var left = (int)with["count"]!;
        await Task.WhenAll(Enumerable.Range(1, (int)with["parallel"]!).Select(_ => Task.Run(LoopAsync, cancellationToken)));
        return null;

        async Task LoopAsync()
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await RunAsync(program, arguments, (bool)with["prints"]!, cancellationToken);
            }
        }
    }

    private static async Task RunAsync(string program, string[] arguments, bool prints, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = prints })!;
        if (prints)
        {
            await process.StandardOutput.ReadToEndAsync(cancellationToken);
        }

        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new BenchException($"{program} {string.Join(' ', arguments)} ended with code {process.ExitCode}.");
        }
    }
}
