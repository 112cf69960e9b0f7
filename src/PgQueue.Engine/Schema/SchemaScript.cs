using System.Globalization;
using System.Text;

namespace PgQueue;

/// <summary>The SQL that makes a schema, or brings it forward.</summary>
internal static class SchemaScript
{
    /// <summary>One at a time installs a schema, to the end of the transaction.</summary>
    public static string Lock(QueueDatabase database) =>
        $"select pg_advisory_xact_lock(hashtextextended('pgqueue.install.' || '{database.Schema.Replace("'", "''", StringComparison.Ordinal)}', 0))";

    /// <summary>Everything from nothing, for a DBA's psql.</summary>
    public static string Standalone(QueueDatabase database, IReadOnlyList<Migration> all) =>
        $"begin;\n\n{Lock(database)};\n\n{Schema(database)};\n\n{Install(database, all)}\ncommit;\n";

    /// <summary>Makes the schema itself, which needs a right in the database.</summary>
    public static string Schema(QueueDatabase database) => $"create schema if not exists {database.QuotedSchema}";

    /// <summary>All that is in a schema which is there and empty.</summary>
    public static string Install(QueueDatabase database, IReadOnlyList<Migration> all) =>
        $"{database.Sql("Schema/create.sql")}\n{Steps(database, all)}";

    /// <summary>What is missing of a schema that is in use.</summary>
    /// <param name="database">Where the schema is.</param>
    /// <param name="missing">The steps.</param>
    /// <param name="lockTimeout">How long each of them waits for a lock.</param>
    public static string Upgrade(QueueDatabase database, IReadOnlyList<Migration> missing, TimeSpan lockTimeout) =>
        string.Create(CultureInfo.InvariantCulture, $"set local statement_timeout = 0;\nset local lock_timeout = {lockTimeout.TotalMilliseconds:0};\n")
        + Steps(database, missing)
        + EmbeddedFile.Read("Schema/upgraded.sql");

    private static string Steps(QueueDatabase database, IReadOnlyList<Migration> migrations)
    {
        var script = new StringBuilder();
        script.Append(CultureInfo.InvariantCulture, $"set local search_path to {database.QuotedSchema}, pg_temp;\n\n");
        foreach (var m in migrations)
        {
            script.Append(m.Sql).Append('\n');
            script.Append(CultureInfo.InvariantCulture, $"insert into migration (version, name, breaking) values ({m.Version}, '{m.Name}', {(m.IsBreaking ? "true" : "false")});\n\n");
        }

        return script.ToString();
    }
}
