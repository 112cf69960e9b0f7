using System.Collections;
using PgQueue.Protocol;

namespace PgQueue;

/// <summary>The environment of children: the worker's own, without anything that opens the database.</summary>
internal sealed class ChildSettings
{
    private readonly Dictionary<string, string> _base = new(OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);
    private readonly string _workerMark = Guid.NewGuid().ToString("N");
    private int _children;

    public ChildSettings(string? password)
    {
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            var (name, value) = ((string)variable.Key, (string?)variable.Value ?? "");
            if (!IsSecret(name, value, password))
            {
                _base[name] = value;
            }
        }
    }

    /// <summary>The part of every child's mark that is this worker's.</summary>
    public string WorkerMark => _workerMark;

    /// <summary>A new child's mark.</summary>
    public string NextMark() => $"{_workerMark}/{Interlocked.Increment(ref _children)}";

    /// <summary>The environment of a child with this mark.</summary>
    public Dictionary<string, string> EnvironmentOf(string mark, IEnumerable<KeyValuePair<string, string?>>? changes = null)
    {
        var environment = new Dictionary<string, string>(_base, _base.Comparer);
        foreach (var (name, value) in changes ?? [])
        {
            if (value is null)
            {
                environment.Remove(name);
            }
            else
            {
                environment[name] = value;
            }
        }

        environment[ChildEnvironment.Mark] = mark;
        return environment;
    }

    /// <summary>libpq's own variables, ours, and whatever else holds the password.</summary>
    private static bool IsSecret(string name, string value, string? password) =>
        name is "PGPASSWORD" or "PGPASSFILE" or "PGSERVICE" or "PGSERVICEFILE" or "PGUSER" or "PGSSLKEY" or "PGSSLPASSWORD" or "PGQUEUE_CONNECTION" or "PGQUEUE_TEST_CONNECTION"
        || (password is { Length: >= 4 } && value.Contains(password, StringComparison.Ordinal));
}
