using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text.Json.Nodes;

namespace PgQueue.PowerShell;

/// <summary>The values of a script's <c>$using:</c> expressions, taken from the caller's scope when the task is added.</summary>
internal static class UsingVariables
{
    /// <summary>The values for several scripts together.</summary>
    /// <exception cref="CmdletException">The caller has no such variable, or its value can't be stored.</exception>
    public static JsonObject? Collect(IEnumerable<ScriptBlock?> scripts, PSCmdlet caller)
    {
        var values = new JsonObject();
        foreach (var script in scripts.OfType<ScriptBlock>())
        {
            Collect((ScriptBlockAst)script.Ast, caller, values);
        }

        return values.Count == 0 ? null : values;
    }

    /// <summary>Each value under the expression's text after <c>$using:</c>, lower case; null where there is none.</summary>
    /// <exception cref="CmdletException">The caller has no such variable, or its value can't be stored.</exception>
    public static JsonObject? Collect(ScriptBlockAst script, PSCmdlet caller)
    {
        var values = new JsonObject();
        Collect(script, caller, values);
        return values.Count == 0 ? null : values;
    }

    private static void Collect(ScriptBlockAst script, PSCmdlet caller, JsonObject values)
    {
        foreach (var expression in script.FindAll(ast => ast is UsingExpressionAst, searchNestedScriptBlocks: true).Cast<UsingExpressionAst>())
        {
            if (Root(expression.SubExpression) is not { } variable)
            {
                continue;
            }

            var rest = expression.Extent.Text[(variable.Extent.EndOffset - expression.Extent.StartOffset)..];
            var name = variable.VariablePath.UserPath;
            var key = (name + rest).ToLowerInvariant();
            if (!values.ContainsKey(key) && TryRead(caller, variable.VariablePath, rest, out var value))
            {
                values[key] = ScriptValue.Encode(value, $"The value of {expression.Extent.Text}");
            }
            else if (!values.ContainsKey(key) && !IsNested(expression, script))
            {
                throw CmdletException.Of(
                    "UsingVariableMissing",
                    ErrorCategory.ObjectNotFound,
                    $"The script uses {expression.Extent.Text} (line {expression.Extent.StartLineNumber}), but there is no variable ${name} here to take the value from. Set it before, or pass the value as an argument.",
                    expression.Extent.Text);
            }
        }
    }

    private static bool TryRead(PSCmdlet caller, VariablePath path, string rest, out object? value)
    {
        value = null;
        if (path.IsVariable && caller.SessionState.PSVariable.Get(path.UserPath) is null)
        {
            return false;
        }

        if (rest.Length == 0)
        {
            value = caller.GetVariableValue(path.UserPath);
            return true;
        }

        var read = ScriptBlock.Create($", ${{{path.UserPath}}}{rest}");
        value = caller.InvokeCommand.InvokeScript(useLocalScope: false, read, null, []).FirstOrDefault();
        return true;
    }

    private static VariableExpressionAst? Root(ExpressionAst expression) => expression switch
    {
        VariableExpressionAst variable => variable,
        MemberExpressionAst member => Root(member.Expression),
        IndexExpressionAst index => Root(index.Target),
        _ => null,
    };

    /// <summary>In a script block of its own the expression is that block's affair: <c>ForEach-Object -Parallel</c> takes it from the task's scope.</summary>
    private static bool IsNested(Ast ast, ScriptBlockAst root)
    {
        for (var parent = ast.Parent; parent != root; parent = parent.Parent)
        {
            if (parent is ScriptBlockExpressionAst)
            {
                return true;
            }
        }

        return false;
    }
}
