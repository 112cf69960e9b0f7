using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace PgQueue.PowerShell;

/// <summary>Completes the usual priorities.</summary>
public sealed class PriorityCompleter : IArgumentCompleter
{
    /// <summary>The usual priorities that begin with a word.</summary>
    /// <param name="commandName">The cmdlet.</param>
    /// <param name="parameterName">The parameter.</param>
    /// <param name="wordToComplete">What was typed.</param>
    /// <param name="commandAst">The command.</param>
    /// <param name="fakeBoundParameters">The parameters given so far.</param>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        TaskPriority.Names
            .Where(p => p.Key.StartsWith(wordToComplete, StringComparison.OrdinalIgnoreCase))
            .OrderBy(p => p.Value)
            .Select(p => new CompletionResult(p.Key, p.Key, CompletionResultType.ParameterValue, $"{p.Key}: {p.Value}"));
}
