using System.Globalization;

namespace PgQueue;

/// <summary>
/// One numbered step of the schema, an embedded file <c>NNNN_name.sql</c>. It is applied while workers and clients of the
/// version before are at work: docs/architecture.md says under Upgrades what it owes them.
/// </summary>
internal sealed record Migration(int Version, string Name, string Sql)
{
    /// <summary>What the file begins with where workers that don't know it may go on.</summary>
    private const string Additive = "-- Additive:";

    public static IReadOnlyList<Migration> All { get; } = Load();

    public static int Latest => All[^1].Version;

    /// <summary>Workers that don't know it must not go on.</summary>
    public bool IsBreaking => !Sql.StartsWith(Additive, StringComparison.Ordinal);

    private static List<Migration> Load() =>
        [.. EmbeddedFile.List("Schema/Migrations").Select(path =>
        {
            var file = path[(path.LastIndexOf('/') + 1)..^".sql".Length];
            var cut = file.IndexOf('_', StringComparison.Ordinal);
            return new Migration(int.Parse(file[..cut], CultureInfo.InvariantCulture), file[(cut + 1)..], EmbeddedFile.Read(path));
        })];
}
