using System.Globalization;

namespace PgQueue;

/// <summary>Where a connection string leads and as whom; never a password.</summary>
public sealed record ConnectionTarget
{
    /// <summary>The host with its port, several of them, or the folder of a Unix socket.</summary>
    public required string Server { get; init; }

    /// <summary>The database.</summary>
    public required string Database { get; init; }

    /// <summary>The user that logs in.</summary>
    public required string User { get; init; }

    /// <summary>Reads a connection string; connects to nothing.</summary>
    /// <param name="connectionString">Npgsql keywords or a <c>postgresql://</c> URL.</param>
    /// <exception cref="QueueException">The connection string can't be read.</exception>
    public static ConnectionTarget Of(string connectionString)
    {
        var settings = ConnectionStrings.Parse(connectionString);
        var host = settings.Host ?? "localhost";
        var user = settings.Username ?? Environment.GetEnvironmentVariable("PGUSER") ?? Environment.UserName;
        return new()
        {
            Server = host.Contains(',', StringComparison.Ordinal) || host.StartsWith('/')
                ? host
                : string.Create(CultureInfo.InvariantCulture, $"{host}:{settings.Port}"),
            Database = settings.Database ?? user,
            User = user,
        };
    }
}
