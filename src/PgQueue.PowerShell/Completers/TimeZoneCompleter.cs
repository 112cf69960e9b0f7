using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace PgQueue.PowerShell;

/// <summary>Completes the ids of time zones, also by what comes after the slash: ber gives Europe/Berlin.</summary>
public sealed class TimeZoneCompleter : IArgumentCompleter
{
    /// <summary>The time zones that a word fits.</summary>
    /// <param name="commandName">The cmdlet.</param>
    /// <param name="parameterName">The parameter.</param>
    /// <param name="wordToComplete">What was typed.</param>
    /// <param name="commandAst">The command.</param>
    /// <param name="fakeBoundParameters">The parameters given so far.</param>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var word = wordToComplete.Trim('\'', '"');
        return TimeZoneInfo.GetSystemTimeZones()
            .Where(z => z.Id.StartsWith(word, StringComparison.OrdinalIgnoreCase) || z.Id.Contains('/' + word, StringComparison.OrdinalIgnoreCase))
            .OrderBy(z => z.Id, StringComparer.OrdinalIgnoreCase)
            .Select(z => new CompletionResult(Quote(z.Id), z.Id, CompletionResultType.ParameterValue, z.DisplayName));
    }

    private static string Quote(string id) => id.Contains(' ', StringComparison.Ordinal) ? $"'{id}'" : id;
}
