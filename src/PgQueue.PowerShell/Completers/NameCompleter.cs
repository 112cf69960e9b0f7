using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace PgQueue.PowerShell;

/// <summary>Completes names that the queue's database holds.</summary>
public abstract class NameCompleter : IArgumentCompleter
{
    private protected NameCompleter()
    {
    }

    /// <summary>The names that begin with a word, or match it where it has wildcards.</summary>
    /// <param name="commandName">The cmdlet.</param>
    /// <param name="parameterName">The parameter.</param>
    /// <param name="wordToComplete">What was typed.</param>
    /// <param name="commandAst">The command.</param>
    /// <param name="fakeBoundParameters">The parameters given so far.</param>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        ArgumentNullException.ThrowIfNull(wordToComplete);
        ArgumentNullException.ThrowIfNull(fakeBoundParameters);
        var wanted = wordToComplete.Trim('\'', '"') + "*";
        var pattern = WildcardPattern.Get(MayBeginInside ? "*" + wanted : wanted, WildcardOptions.IgnoreCase);
        return CompletionSource.Read(fakeBoundParameters, (client, token) => ReadAsync(client, wanted, token))
            .Where(entry => pattern.IsMatch(entry.Name))
            .Select(entry => new CompletionResult(Quote(entry.Name), entry.Name, CompletionResultType.ParameterValue, entry.Tip));
    }

    /// <summary>True where what is typed may be any part of a name.</summary>
    private protected virtual bool MayBeginInside => false;

    /// <summary>The names and what is said of each. Those that don't fit the pattern may be among them.</summary>
    private protected abstract Task<IReadOnlyList<(string Name, string Tip)>> ReadAsync(
        QueueClient client, string pattern, CancellationToken cancellationToken);

    private static string Quote(string name) => name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
        ? name
        : $"'{name.Replace("'", "''", StringComparison.Ordinal)}'";
}
