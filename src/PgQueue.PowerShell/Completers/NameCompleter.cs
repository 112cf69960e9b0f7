using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace PgQueue.PowerShell;

/// <summary>Completes names that the queue's database holds.</summary>
public abstract class NameCompleter : IArgumentCompleter
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

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
        var pattern = WildcardPattern.Get(wordToComplete.Trim('\'', '"') + "*", WildcardOptions.IgnoreCase);
        return Read(fakeBoundParameters)
            .Where(entry => pattern.IsMatch(entry.Name))
            .Select(entry => new CompletionResult(Quote(entry.Name), entry.Name, CompletionResultType.ParameterValue, entry.Tip));
    }

    private protected abstract IEnumerable<(string Name, string Tip)> Names(QueueClient client, CancellationToken cancellationToken);

    private List<(string Name, string Tip)> Read(IDictionary bound)
    {
        var given = bound["Connection"] is PSObject wrapped ? wrapped.BaseObject : bound["Connection"];
        try
        {
            var connection = given as PqConnection ?? (given is string text ? new PqConnection(text, DefaultConnection.Schema) : DefaultConnection.Known ?? Session.Current.Embedded);
            if (connection is null)
            {
                return [];
            }

            using var patience = new CancellationTokenSource(Patience);
            return [.. Names(Session.Current.Client(connection).Queue, patience.Token)];
        }
        catch (Exception e) when (e is QueueException or OperationCanceledException)
        {
            // The prompt must not show an error for a key pressed; the command itself will say what is wrong.
            return [];
        }
    }

    private static string Quote(string name) => name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
        ? name
        : $"'{name.Replace("'", "''", StringComparison.Ordinal)}'";
}
