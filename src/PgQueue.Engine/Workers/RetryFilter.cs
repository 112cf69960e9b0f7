using System.Globalization;
using System.IO.Enumeration;

namespace PgQueue;

/// <summary>Is a failed run of the kind that its policy tries again?</summary>
internal static class RetryFilter
{
    public static bool Allows(RetryPolicy policy, RunOutcome outcome)
    {
        var names = NamesOf(outcome).ToList();
        return !Matches(policy.NoRetryOn, names) && (policy.RetryOn is not { Count: > 0 } || Matches(policy.RetryOn, names));
    }

    private static bool Matches(IReadOnlyList<string>? patterns, List<string> names) =>
        patterns is not null && patterns.Any(pattern => names.Any(name => FileSystemName.MatchesSimpleExpression(pattern, name)));

    /// <summary>What the run's end goes by: the error's type, and those of its causes, its exit code, the kind of end.</summary>
    private static IEnumerable<string> NamesOf(RunOutcome outcome)
    {
        yield return outcome.End.ToString();
        if (outcome.ExitCode is { } code)
        {
            yield return code.ToString(CultureInfo.InvariantCulture);
        }

        for (var error = outcome.Error; error is not null; error = error.Inner)
        {
            if (error.Type is { } type)
            {
                yield return type;
                yield return type[(type.LastIndexOf('.') + 1)..];
            }
        }
    }
}
