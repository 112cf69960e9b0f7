using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace PgQueue.PowerShell;

/// <summary>Completes the ids of the workers that are at work.</summary>
public sealed class WorkerIdCompleter : IArgumentCompleter
{
    /// <summary>The ids that begin with a word.</summary>
    /// <param name="commandName">The cmdlet.</param>
    /// <param name="parameterName">The parameter.</param>
    /// <param name="wordToComplete">What was typed.</param>
    /// <param name="commandAst">The command.</param>
    /// <param name="fakeBoundParameters">The parameters given so far.</param>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        ArgumentNullException.ThrowIfNull(fakeBoundParameters);
        foreach (var worker in CompletionSource.Read(fakeBoundParameters, ReadAsync).Where(w => w.State != WorkerState.Lost))
        {
            var id = worker.Id.ToString(CultureInfo.InvariantCulture);
            if (id.StartsWith(wordToComplete, StringComparison.Ordinal))
            {
                yield return new(id, $"{id} {worker.Name}", CompletionResultType.ParameterValue, $"{worker.Name} on {worker.Host}: {worker.State}, runs {worker.Running}");
            }
        }
    }

    private static async Task<IReadOnlyList<WorkerInfo>> ReadAsync(QueueClient client, CancellationToken cancellationToken)
    {
        var found = new List<WorkerInfo>();
        await foreach (var worker in client.GetWorkersAsync(cancellationToken).ConfigureAwait(false))
        {
            found.Add(worker);
        }

        return found;
    }
}
