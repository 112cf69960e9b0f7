using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>A cmdlet over the queues of a schema, by their names.</summary>
public abstract class QueueNameCmdlet : QueueCmdlet
{
    private protected QueueNameCmdlet()
    {
    }

    private protected static bool HasWildcards(string name) => name.AsSpan().ContainsAny('*', '?');

    /// <summary>The queues of a name, which may have wildcards.</summary>
    private protected IReadOnlyList<QueueInfo> Find(string name) => Await(token => Client.GetQueuesAsync([name], token));

    /// <summary>The queues of names, each once; says of each name without wildcards that there is no such queue.</summary>
    private protected IEnumerable<QueueInfo> FindAll(IEnumerable<string> names)
    {
        var seen = new HashSet<string>();
        foreach (var name in names)
        {
            var found = Find(name);
            if (found.Count == 0 && !HasWildcards(name))
            {
                WriteItemError("QueueNotFound", ErrorCategory.ObjectNotFound, $"There is no queue '{name}' in {Connection}. Get-PqQueue lists them.", name);
            }

            foreach (var queue in found.Where(q => seen.Add(q.Name)))
            {
                yield return queue;
            }
        }
    }
}
