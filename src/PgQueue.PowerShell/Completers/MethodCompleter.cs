using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace PgQueue.PowerShell;

/// <summary>Completes the methods of the assembly that -Assembly names in the same command.</summary>
public sealed class MethodCompleter : IArgumentCompleter
{
    private const int Most = 200;

    /// <summary>The methods whose name, or whose type's, begins with a word.</summary>
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
        if (fakeBoundParameters["Assembly"]?.ToString() is not { Length: > 0 } given || Find(given) is not { } path)
        {
            return [];
        }

        var word = wordToComplete.Trim('\'', '"');
        return CompletionSource.InTime(() => Task.FromResult(Read(path)))
            .Where(method => Fits(method.Name, word))
            .GroupBy(method => method.Name, method => method.Signature)
            .OrderBy(overloads => overloads.Key, StringComparer.OrdinalIgnoreCase)
            .Take(Most)
            .Select(overloads => new CompletionResult(
                overloads.Key, overloads.Key, CompletionResultType.Method, string.Join(Environment.NewLine, overloads)));
    }

    /// <summary>The file that a path of this session means; null where there is none.</summary>
    private static string? Find(string path)
    {
        using var shell = System.Management.Automation.PowerShell.Create(RunspaceMode.CurrentRunspace);
        shell.AddCommand("Microsoft.PowerShell.Management\\Convert-Path").AddParameter("LiteralPath", path).AddParameter("ErrorAction", ActionPreference.Ignore);
        return shell.Invoke<string>().FirstOrDefault(File.Exists);
    }

    private static IReadOnlyList<(string Name, string Signature)> Read(string path)
    {
        try
        {
            return AssemblyMethods.Read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or BadImageFormatException)
        {
            // Not an assembly: the task's own error will say so.
            return [];
        }
    }

    private static bool Fits(string name, string word) =>
        name.StartsWith(word, StringComparison.OrdinalIgnoreCase)
        || name.Contains('.' + word, StringComparison.OrdinalIgnoreCase)
        || name.Contains("::" + word, StringComparison.OrdinalIgnoreCase);
}
