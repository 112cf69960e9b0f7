using System.Management.Automation;
using System.Management.Automation.Language;

namespace PgQueue.PowerShell;

/// <summary>
/// Times that PowerShell has rounded before a cmdlet sees them: in a list it reads 1.5s as a short number, 2, and keeps
/// nothing of what was written. That is left in the statement alone.
/// </summary>
internal static class BareTimes
{
    /// <summary>The statement that calls a cmdlet: the property is newer than the API that the module is built for.</summary>
    public static string StatementOf(InvocationInfo invocation) =>
        PSObject.AsPSObject(invocation).Properties["Statement"]?.Value as string ?? invocation.Line;

    /// <summary>The first time of a parameter's list, written without quotes, that has lost its fraction; null where there is none.</summary>
    /// <param name="statement">The statement that calls the cmdlet; may be empty.</param>
    /// <param name="parameter">The parameter's name.</param>
    public static string? FindRounded(string statement, string parameter) => Parser.ParseInput(statement, out _, out _)
        .FindAll(ast => ast is CommandAst, searchNestedScriptBlocks: false)
        .SelectMany(ast => Lists((CommandAst)ast, parameter))
        .SelectMany(list => list.Elements.OfType<ConstantExpressionAst>())
        .FirstOrDefault(item => item.Value is short && item.Extent.Text.Contains('.', StringComparison.Ordinal))?.Extent.Text;

    private static IEnumerable<ArrayLiteralAst> Lists(CommandAst command, string parameter)
    {
        for (var i = 0; i < command.CommandElements.Count; i++)
        {
            if (command.CommandElements[i] is CommandParameterAst named
                && parameter.StartsWith(named.ParameterName, StringComparison.OrdinalIgnoreCase)
                && (named.Argument ?? command.CommandElements.ElementAtOrDefault(i + 1)) is ArrayLiteralAst list)
            {
                yield return list;
            }
        }
    }
}
