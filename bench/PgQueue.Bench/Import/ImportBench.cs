using System.Diagnostics;
using System.Globalization;

namespace PgQueue.Bench;

/// <summary>Import-Module of the built module, and of a binary module with one cmdlet, each time in a new pwsh.</summary>
internal sealed class ImportBench(Stage stage)
{
    private readonly int _rounds = stage.Options.Pick(20, 5);

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        if (!Programs.HasPowerShell(stage))
        {
            return [];
        }

        await ImportAsync(Places.Module, cancellationToken); // What the system reads of pwsh for the first time does not count.
        return await Rounds.CompareAsync(
            "ms", _rounds,
            new Contender("import", token => ImportAsync(Places.Module, token)),
            [new Reference("import", new Contender("an empty module", token => ImportAsync(Places.EmptyModule, token)), Goal.ValueAtMost(150))],
            cancellationToken);
    }

    private static async Task<double> ImportAsync(string module, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(
            Programs.PowerShell, ["-NoProfile", "-NonInteractive", "-File", Path.Combine(AppContext.BaseDirectory, "import.ps1"), module])
        {
            RedirectStandardOutput = true,
        };
        using var session = Process.Start(start)!;
        try
        {
            var answer = await session.StandardOutput.ReadToEndAsync(cancellationToken);
            await session.WaitForExitAsync(cancellationToken);
            return double.TryParse(answer, CultureInfo.InvariantCulture, out var milliseconds)
                ? milliseconds
                : throw new BenchException($"pwsh could not import {module}: {answer}");
        }
        finally
        {
            session.Kill(entireProcessTree: true);
        }
    }
}
