using System.Diagnostics.CodeAnalysis;

namespace PgQueue;

/// <summary>What an embedded server was seen doing at one moment.</summary>
public sealed record EmbeddedServerStatus
{
    /// <summary>The server's process is alive and it accepts connections.</summary>
    public bool Running { get; init; }

    /// <summary>The server's main process. Also set while it is starting or stopping, when <see cref="Running"/> is false.</summary>
    public int? ProcessId { get; init; }

    /// <summary>The folder that holds everything of this server.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>The folder of the PostgreSQL binaries it was last started with; null before its first start.</summary>
    public string? BinDirectory { get; init; }

    /// <summary>PostgreSQL's version, such as 15.13; null before the first start.</summary>
    public Version? Version { get; init; }

    /// <summary>The folder of its Unix socket, or 127.0.0.1; null unless running.</summary>
    public string? Host { get; init; }

    /// <summary>Its port, which is part of the name of a Unix socket; null unless running.</summary>
    public int? Port { get; init; }

    /// <summary>
    /// Npgsql keywords for the superuser and the database postgres. Names the file that holds the password, which only its
    /// user can read, and not the password itself. Null unless running.
    /// </summary>
    public string? ConnectionString { get; init; }

    /// <summary>The same as a URI for psql, pg_dump and the like. Null unless running.</summary>
    [SuppressMessage("Design", "CA1056", Justification = "It goes on command lines; System.Uri can't hold a socket's folder.")]
    public string? Uri { get; init; }

    /// <summary>When the server was started, by its own clock; null unless running.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>A line for logs.</summary>
    public override string ToString() => Running
        ? $"PostgreSQL {Version} in '{DataDirectory}', process {ProcessId}, at {Host} port {Port}"
        : $"PostgreSQL in '{DataDirectory}', not running";
}
