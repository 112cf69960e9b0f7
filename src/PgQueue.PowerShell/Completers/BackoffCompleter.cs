using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace PgQueue.PowerShell;

/// <summary>Completes the backoffs that have a name.</summary>
public sealed class BackoffCompleter : IArgumentCompleter
{
    /// <summary>The names that begin with a word.</summary>
    /// <param name="commandName">The cmdlet.</param>
    /// <param name="parameterName">The parameter.</param>
    /// <param name="wordToComplete">What was typed.</param>
    /// <param name="commandAst">The command.</param>
    /// <param name="fakeBoundParameters">The parameters given so far.</param>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        RetryBackoff.Names
            .Where(b => b.Key.StartsWith(wordToComplete, StringComparison.OrdinalIgnoreCase))
            .Select(b => new CompletionResult(b.Key, b.Key, CompletionResultType.ParameterValue, $"{b.Key}: {b.Value}"));
}
