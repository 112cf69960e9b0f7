using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace PgQueue.PowerShell;

/// <summary>Completes the ids of tasks: those first that the cmdlet is for, of these the newest.</summary>
public sealed class TaskIdCompleter : IArgumentCompleter
{
    private const int Most = 40;

    private static readonly TaskState[] AtWork = [TaskState.Running];
    private static readonly TaskState[] Waiting = [TaskState.Ready, TaskState.Blocked, TaskState.Scheduled];
    private static readonly TaskState[] Finished = [TaskState.Failed, TaskState.Canceled, TaskState.Completed];

    /// <summary>Which states a cmdlet is for, the first group before the next; all by their ids where it is missing.</summary>
    private static readonly Dictionary<string, TaskState[][]> Cmdlets = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Stop-PqTask"] = [AtWork, Waiting],
        ["Set-PqTask"] = [Waiting],
        ["Restart-PqTask"] = [[TaskState.Failed], [TaskState.Canceled], [TaskState.Completed]],
        ["Remove-PqTask"] = [Finished, Waiting],
        ["Wait-PqTask"] = [[.. AtWork, .. Waiting], Finished],
        ["Receive-PqTask"] = [[.. AtWork, .. Finished], Waiting],
        ["Add-PqTask"] = [[.. AtWork, .. Waiting], Finished],
    };

    private static readonly TaskState[][] All = [[.. AtWork, .. Waiting, .. Finished]];

    /// <summary>The ids that begin with a word.</summary>
    /// <param name="commandName">The cmdlet.</param>
    /// <param name="parameterName">The parameter.</param>
    /// <param name="wordToComplete">What was typed.</param>
    /// <param name="commandAst">The command.</param>
    /// <param name="fakeBoundParameters">The parameters given so far.</param>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        ArgumentNullException.ThrowIfNull(commandName);
        ArgumentNullException.ThrowIfNull(wordToComplete);
        ArgumentNullException.ThrowIfNull(fakeBoundParameters);
        if (!wordToComplete.All(char.IsAsciiDigit))
        {
            return [];
        }

        var groups = Cmdlets.GetValueOrDefault(commandName[(commandName.LastIndexOf('\\') + 1)..], All);
        return CompletionSource.Read(fakeBoundParameters, (client, token) => ReadAsync(client, groups, wordToComplete, token)).Select(Offer);
    }

    private static async Task<IReadOnlyList<RecentTask>> ReadAsync(
        QueueClient client, TaskState[][] groups, string digits, CancellationToken cancellationToken)
    {
        var found = new List<RecentTask>();
        foreach (var states in groups.TakeWhile(_ => found.Count < Most))
        {
            var tasks = await client.GetRecentAsync(states, digits, Most, cancellationToken).ConfigureAwait(false);
            found.AddRange(tasks.Take(Most - found.Count));
        }

        return found;
    }

    private static CompletionResult Offer(RecentTask task)
    {
        var id = task.Id.ToString(CultureInfo.InvariantCulture);
        return new(id, $"{id} {task.Label} ({task.State})", CompletionResultType.ParameterValue, $"{task.Label ?? id} in queue {task.Queue}: {task.State}");
    }
}
