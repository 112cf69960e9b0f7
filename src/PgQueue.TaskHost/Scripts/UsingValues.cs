using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using System.Text;
using System.Text.Json;

namespace PgQueue.TaskHost.Scripts;

/// <summary>
/// The values of a script's <c>$using:</c> variables, in the form in which Start-Job hands them to PowerShell: a
/// parameter that PowerShell itself reads, keyed by the expression's text. The script stays as it was written.
/// </summary>
internal static class UsingValues
{
    /// <summary>The parameter's name.</summary>
    public const string Parameter = "--%";

    private const string Prefix = "using:";

    /// <summary>The values for a script's text; null where it uses none.</summary>
    /// <exception cref="TaskSetupException">A value that the script itself uses is not there.</exception>
    public static Hashtable? For(string script, IReadOnlyDictionary<string, JsonElement>? given, Runspace runspace)
    {
        if (!script.Contains(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var values = new Hashtable();
        var root = Parser.ParseInput(script, out _, out _);
        foreach (var expression in root.FindAll(ast => ast is UsingExpressionAst, searchNestedScriptBlocks: true).Cast<UsingExpressionAst>())
        {
            if (TryFind(expression, given, runspace, out var value))
            {
                values[KeyOf(expression)] = value;
            }
            else if (!IsNested(expression))
            {
                throw new TaskSetupException($"The script uses {expression.Extent.Text} (line {expression.Extent.StartLineNumber}), but no value was kept for it when the task was added.");
            }
        }

        return values;
    }

    // A value is kept for the whole expression, or for the variable at its root.
    private static bool TryFind(UsingExpressionAst expression, IReadOnlyDictionary<string, JsonElement>? given, Runspace runspace, out object? value)
    {
        var variable = Root(expression.SubExpression);
        var whole = WholeName(expression, variable);
        if (Find(given, whole) is { } exact)
        {
            value = JsonValues.ToObject(exact);
            return true;
        }

        if (variable is not null && Find(given, variable.VariablePath.UserPath) is { } root)
        {
            value = Evaluate(expression, variable, JsonValues.ToObject(root), runspace);
            return true;
        }

        value = null;
        return false;
    }

    private static JsonElement? Find(IReadOnlyDictionary<string, JsonElement>? given, string name)
    {
        foreach (var (key, value) in given ?? new Dictionary<string, JsonElement>())
        {
            if (string.Equals(key, name, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        return null;
    }

    private static VariableExpressionAst? Root(ExpressionAst expression) => expression switch
    {
        VariableExpressionAst variable => variable,
        MemberExpressionAst member => Root(member.Expression),
        IndexExpressionAst index => Root(index.Target),
        UsingExpressionAst nested => Root(nested.SubExpression),
        _ => null,
    };

    // `a.b` of `$using:a.b`; a plain variable's name has no braces.
    private static string WholeName(UsingExpressionAst expression, VariableExpressionAst? variable)
    {
        var text = expression.Extent.Text;
        return variable is null ? text : variable.VariablePath.UserPath + AfterVariable(expression, variable);
    }

    private static string AfterVariable(UsingExpressionAst expression, VariableExpressionAst variable) =>
        expression.Extent.Text[(variable.Extent.EndOffset - expression.Extent.StartOffset)..];

    private static object? Evaluate(UsingExpressionAst expression, VariableExpressionAst variable, object? root, Runspace runspace)
    {
        var rest = AfterVariable(expression, variable);
        if (rest.Length == 0)
        {
            return root;
        }

        using var shell = PowerShell.Create();
        shell.Runspace = runspace;
        shell.AddScript($"param($value) , $value{rest}", useLocalScope: true).AddArgument(root);
        return shell.Invoke() is [var only] ? only : null;
    }

    // In a script block of its own the expression belongs to what that block is given to: Start-Job, -Parallel.
    private static bool IsNested(Ast ast)
    {
        for (var parent = ast.Parent; parent is not null; parent = parent.Parent)
        {
            if (parent is ScriptBlockExpressionAst)
            {
                return true;
            }
        }

        return false;
    }

    // As PowerShell does: lower case where only a variable is named, so that $using:A and $using:a are one.
    private static string KeyOf(UsingExpressionAst expression)
    {
        var text = expression.ToString();
        var key = expression.SubExpression is VariableExpressionAst ? text.ToLowerInvariant() : text;
        return Convert.ToBase64String(Encoding.Unicode.GetBytes(key));
    }
}
