using System.Globalization;

namespace PgQueue;

/// <summary>One numbered step of the schema, an embedded file <c>NNNN_name.sql</c>.</summary>
internal sealed record Migration(int Version, string Name, string Sql)
{
    public static IReadOnlyList<Migration> All { get; } = Load();

    public static int Latest => All[^1].Version;

    private static List<Migration> Load() =>
        [.. EmbeddedFile.List("Schema/Migrations").Select(path =>
        {
            var file = path[(path.LastIndexOf('/') + 1)..^".sql".Length];
            var cut = file.IndexOf('_', StringComparison.Ordinal);
            return new Migration(int.Parse(file[..cut], CultureInfo.InvariantCulture), file[(cut + 1)..], EmbeddedFile.Read(path));
        })];
}
