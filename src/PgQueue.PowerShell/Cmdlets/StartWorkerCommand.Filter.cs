using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <content>Which tasks the worker takes, beside their queues.</content>
public sealed partial class StartWorkerCommand
{
    /// <summary>Take only tasks of these priorities, by name or number, or from one to another: High.., Low..High, 50..100, ..25. Default: all.</summary>
    [Parameter]
    [PriorityRangeTransformation]
    [ArgumentCompleter(typeof(PriorityCompleter))]
    public string[]? Priority { get; set; }

    /// <summary>Take only tasks that have one of these tags. Default: all.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TagCompleter))]
    public string[]? Tag { get; set; }

    /// <summary>Take only tasks of these names; * and ? are wildcards. Default: all.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TaskNameCompleter))]
    public string[]? TaskName { get; set; }

    /// <summary>
    /// Tasks of a queue that this worker runs at once, such as @{ import = 2; 'report*' = 1 }; * and ? are wildcards, and
    /// of several that match the smallest counts. Set-PqQueue -MaxConcurrency limits a queue over all workers.
    /// </summary>
    [Parameter]
    public IDictionary? QueueConcurrency { get; set; }

    private Dictionary<string, int> QueueLimits()
    {
        var limits = new Dictionary<string, int>();
        foreach (DictionaryEntry entry in QueueConcurrency ?? new Hashtable())
        {
            limits[Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!] = LanguagePrimitives.TryConvertTo<int>(entry.Value, out var most)
                ? most
                : throw Argument.Error($"QueueConcurrency '{entry.Key} = {entry.Value}' is no whole number; write @{{ {entry.Key} = 2 }}.", entry.Value);
        }

        return limits;
    }
}
