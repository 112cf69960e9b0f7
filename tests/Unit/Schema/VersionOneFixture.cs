using System.Diagnostics;
using System.Text;
using Npgsql;
using Xunit;

namespace PgQueue.Unit.Schema;

/// <summary>A queue as the first release leaves it, with rows in all states: a dump that is restored.</summary>
public sealed class VersionOneFixture
{
    private const string Name = "Schema/Fixtures/version-1.sql";

    private const string Head = """
        -- The schema of the first release with rows in all states (VersionOneRows.cs), as pg_dump gives it out. It stays as
        -- it is once that is released. Until then it is made again whenever a migration is edited, by one command:
        --
        --     dotnet run --project tests/Unit -- -explicit only -class PgQueue.Unit.Schema.VersionOneFixture

        """;

    /// <summary>Restores it, as somebody's backup.</summary>
    internal static async Task<FreshDatabase> RestoreAsync()
    {
        var database = await FreshDatabase.CreateAsync();
        try
        {
            await database.RunAsync(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, Name)));
            return database;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>No test, but run like one, and only when asked for.</summary>
    [Fact(Explicit = true)]
    public async Task The_fixture_is_made_again()
    {
        await using var database = await FreshDatabase.CreateAsync();
        await database.Queue.Client.InstallSchemaAsync();
        await VersionOneRows.MakeAsync(database.Queue);

        var dump = await DumpAsync(new NpgsqlConnectionStringBuilder(database.ConnectionString));

        await File.WriteAllTextAsync(Path.Combine(BuiltFile.Root, "tests/Unit", Name), Head + Portable(dump));
    }

    private static async Task<string> DumpAsync(NpgsqlConnectionStringBuilder server)
    {
        var binaries = await BinaryFinder.FindAsync(null, null, null, await ServerAccount.ResolveAsync(null, default), default);
        var start = new ProcessStartInfo(
            Path.Combine(binaries.Directory, "pg_dump"),
            ["--schema=pgqueue", "--inserts", "--no-owner", "--no-privileges", "--host", server.Host!, "--port", $"{server.Port}", "--username", server.Username!, server.Database!])
        {
            RedirectStandardOutput = true,
        };
        start.Environment["PGPASSWORD"] = server.Password;
        using var process = Process.Start(start)!;
        var dump = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? dump : throw new InvalidOperationException($"pg_dump: exit code {process.ExitCode}.");
    }

    /// <summary>Without what only psql or newer servers understand, and without titles.</summary>
    private static string Portable(string dump)
    {
        var text = new StringBuilder();
        var wasEmpty = true;
        foreach (var line in dump.Split('\n'))
        {
            var isTitle = line == "--" || line.StartsWith("-- ", StringComparison.Ordinal) || line.StartsWith('\\');
            var isSetting = line.StartsWith("SET ", StringComparison.Ordinal)
                && !line.StartsWith("SET check_function_bodies", StringComparison.Ordinal)
                && !line.StartsWith("SET standard_conforming_strings", StringComparison.Ordinal);
            if (isTitle || isSetting || (line.Length == 0 && wasEmpty))
            {
                continue;
            }

            wasEmpty = line.Length == 0;
            text.Append(line).Append('\n');
        }

        return text.ToString();
    }
}
