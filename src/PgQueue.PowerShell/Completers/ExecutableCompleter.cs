using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace PgQueue.PowerShell;

/// <summary>Completes executables: those of PATH by name, all others by their path.</summary>
public sealed class ExecutableCompleter : IArgumentCompleter
{
    private const int Most = 200;

    /// <summary>The executables that begin with a word.</summary>
    /// <param name="commandName">The cmdlet.</param>
    /// <param name="parameterName">The parameter.</param>
    /// <param name="wordToComplete">What was typed.</param>
    /// <param name="commandAst">The command.</param>
    /// <param name="fakeBoundParameters">The parameters given so far.</param>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        ArgumentNullException.ThrowIfNull(wordToComplete);
        var isPath = wordToComplete.Length == 0 || wordToComplete.Contains('/', StringComparison.Ordinal) || wordToComplete.Contains('\\', StringComparison.Ordinal);
        return isPath
            ? CompletionCompleters.CompleteFilename(wordToComplete)
            : CompletionCompleters.CompleteCommand(wordToComplete.Trim('\'', '"'), moduleName: null, CommandTypes.Application).Take(Most);
    }
}
