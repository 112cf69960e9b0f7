namespace PgQueue;

/// <summary>How a database's queue schema stands to this version of the module.</summary>
public sealed record SchemaStatus
{
    /// <summary>The schema's name.</summary>
    public required string Schema { get; init; }

    /// <summary>True where the schema holds a queue.</summary>
    public required bool Installed { get; init; }

    /// <summary>The last migration applied; 0 where none is.</summary>
    public required int Version { get; init; }

    /// <summary>The last migration that this module knows.</summary>
    public required int LatestVersion { get; init; }

    /// <summary>True where the schema is just what this module needs.</summary>
    public bool UpToDate => Installed && Version == LatestVersion;

    /// <summary>The server's version, such as <c>15.18</c>.</summary>
    public required string ServerVersion { get; init; }

    /// <summary>The schema and how it stands, in one line.</summary>
    public override string ToString() => Installed ? $"{Schema}, version {Version} of {LatestVersion}" : $"{Schema}, not installed";
}
