using System.Text.RegularExpressions;

namespace PgQueue.Unit.Schema;

/// <summary>Migrations of a version to come, after those of this one.</summary>
internal static class TestMigrations
{
    /// <summary>
    /// New columns, an index, and the functions on every task's way replaced: what is claimed from then on is blue.
    /// </summary>
    public static IReadOnlyList<Migration> Additive { get; } = After(
        $"""
        -- Additive: a task has a color.
        lock table task, history in access exclusive mode;

        alter table task add column color text not null default 'red';
        alter table history add column color text not null default 'red';
        create index task_color on task (color) where state = 'ready';

        {Replaced("claim_tasks", ("set state = 'running',", "set state = 'running', color = 'blue',"))}
        {Replaced("end_tasks", ("past_runs)", "past_runs, color)"), ("g.result, g.past_runs", "g.result, g.past_runs, g.color"))}
        """);

    /// <summary>Older workers can claim no more.</summary>
    public static IReadOnlyList<Migration> Breaking { get; } = After("alter function claim_tasks rename to claim_tasks_anew;");

    /// <summary>Older clients can neither add nor read.</summary>
    public static IReadOnlyList<Migration> BreakingForClients { get; } = After(
        """
        alter function add_tasks rename to add_tasks_anew;
        alter view tasks rename column name to title;
        """);

    public static Task<IReadOnlyList<Migration>> ApplyAsync(
        this TestQueue queue, IReadOnlyList<Migration> migrations, TimeSpan? patience = null) =>
        new SchemaInstaller(queue.Client.Database, migrations, patience).InstallAsync(CancellationToken.None);

    private static IReadOnlyList<Migration> After(string sql) =>
        [.. Migration.All, new Migration(Migration.Latest + 1, "test", sql)];

    /// <summary>A function as this version has it, but for these changes.</summary>
    private static string Replaced(string function, params (string Old, string New)[] changes)
    {
        var sql = string.Join('\n', Migration.All.Select(m => m.Sql));
        var text = Regex.Match(sql, $@"^create function {function}\(.*?^\$\$;$", RegexOptions.Multiline | RegexOptions.Singleline).Value;
        foreach (var (old, @new) in changes)
        {
            text = text.Contains(old, StringComparison.Ordinal)
                ? text.Replace(old, @new, StringComparison.Ordinal)
                : throw new InvalidOperationException($"{function} has no '{old}' to be replaced.");
        }

        return "create or replace" + text["create".Length..];
    }
}
