using System.Diagnostics;
using System.Text.Json.Nodes;

namespace PgQueue.Bench;

/// <summary>Another queue on PostgreSQL, in a database of its own, driven by node.</summary>
/// <param name="name">Its name on npm and its driver's.</param>
internal sealed class Peer(string name)
{
    public static Peer GraphileWorker { get; } = new("graphile-worker");

    public static Peer PgBoss { get; } = new("pg-boss");

    public string Name => name;

    /// <summary>Name and version, for the report.</summary>
    public string Title { get; } = $"{name} {Npm.Version(name)}";

    /// <summary>Processes of it, with its schema in place.</summary>
    /// <returns>Null where it is not to be had; that has been said then.</returns>
    public async Task<Crew?> StartAsync(Stage stage, Database database, int processes, CancellationToken cancellationToken)
    {
        if (!await Npm.TryInstallAsync(stage, cancellationToken))
        {
            return null;
        }

        var crew = stage.Own(new Crew(name, processes, () => Start(database)));
        await crew.First.AskAsync("install", null, cancellationToken);
        return crew;
    }

    /// <summary>Asks the one process of a crew to add jobs.</summary>
    public static JsonObject Jobs(int count, int batch) => new() { ["count"] = count, ["batch"] = batch };

    private ProcessStartInfo Start(Database database)
    {
        var start = new ProcessStartInfo("node", [Path.Combine(Places.Peers, $"{name}.mjs")]) { WorkingDirectory = Places.Peers };
        var settings = database.Settings;
        start.Environment["PGHOST"] = settings.Host;
        start.Environment["PGPORT"] = $"{settings.Port}";
        start.Environment["PGUSER"] = settings.Username;
        start.Environment["PGPASSWORD"] = settings.Password;
        start.Environment["PGDATABASE"] = settings.Database;
        start.Environment["NO_LOG_SUCCESS"] = "1";
        return start;
    }
}
