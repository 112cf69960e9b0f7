using System.Diagnostics;
using System.Text.Json.Nodes;

namespace PgQueue.Bench;

/// <summary>
/// Another process that does what it is told, one thing at a time: a line of JSON to its input, a line of JSON back from
/// its output. It ends when its input does, so none outlives the bench.
/// </summary>
internal sealed class LineProcess : IAsyncDisposable
{
    private static readonly TimeSpan EndTime = TimeSpan.FromSeconds(5);

    private readonly string _name;
    private readonly Process _process;

    public LineProcess(string name, ProcessStartInfo start)
    {
        _name = name;
        (start.RedirectStandardInput, start.RedirectStandardOutput) = (true, true);
        _process = Process.Start(start)!;
    }

    public int Id => _process.Id;

    /// <summary>Has something done.</summary>
    /// <param name="verb">What.</param>
    /// <param name="with">How; null for nothing to say.</param>
    /// <param name="cancellationToken">Stops the wait for the answer.</param>
    /// <returns>Its answer.</returns>
    /// <exception cref="BenchException">It could not do it, or has ended.</exception>
    public async Task<JsonObject> AskAsync(string verb, JsonObject? with, CancellationToken cancellationToken)
    {
        var order = with?.DeepClone().AsObject() ?? [];
        order["verb"] = verb;
        await _process.StandardInput.WriteLineAsync(order.ToJsonString().AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
        while (await _process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            if (!line.StartsWith('{'))
            {
                await Console.Error.WriteLineAsync($"{_name}: {line}"); // A library that talks.
                continue;
            }

            var answer = JsonNode.Parse(line)!.AsObject();
            return answer["error"] is { } error ? throw new BenchException($"{_name} could not '{verb}': {error}") : answer;
        }

        await _process.WaitForExitAsync(cancellationToken);
        throw new BenchException($"{_name} ended with code {_process.ExitCode} in the midst of '{verb}'.");
    }

    public async ValueTask DisposeAsync()
    {
        using var time = new CancellationTokenSource(EndTime);
        try
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync(time.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }
}
