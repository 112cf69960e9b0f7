using System.Management.Automation.Language;

namespace PgQueue.PowerShell;

/// <summary>
/// Finds the variables that a script reads though nothing in it sets them: it runs in a fresh process, which knows none
/// of the caller's. Scopes are not told apart, so that a variable set anywhere in the script counts as set. One that is
/// written with the scope global or script is meant to come from elsewhere, such as a worker's -BeforeTask.
/// </summary>
internal static class UnsetVariables
{
    private static readonly HashSet<string> OutputParameters = new(StringComparer.OrdinalIgnoreCase)
    {
        "OutVariable", "ov", "ErrorVariable", "ev", "WarningVariable", "wv", "InformationVariable", "iv", "PipelineVariable", "pv",
        "Variable", "SessionVariable", "rv", "sv",
    };

    private static readonly HashSet<string> Setters = new(StringComparer.OrdinalIgnoreCase)
    {
        "Set-Variable", "sv", "set", "New-Variable", "nv",
    };

    /// <summary>Their names in the order of their first use.</summary>
    public static IReadOnlyList<string> In(ScriptBlockAst script)
    {
        var all = script.FindAll(_ => true, searchNestedScriptBlocks: true).ToList();

        // What another file brings in can't be seen from here.
        if (all.OfType<CommandAst>().Any(c => c.InvocationOperator == TokenKind.Dot))
        {
            return [];
        }

        var set = new HashSet<string>(all.SelectMany(NamesSetBy), StringComparer.OrdinalIgnoreCase);
        return [.. all.OfType<VariableExpressionAst>()
            .Where(v => IsOfTheScript(v) && !set.Contains(Name(v)) && !AutomaticVariables.Contains(Name(v)))
            .Select(Name)
            .Distinct(StringComparer.OrdinalIgnoreCase)];
    }

    private static bool IsOfTheScript(VariableExpressionAst variable) =>
        variable.VariablePath is { IsVariable: true, IsGlobal: false, IsScript: false } && variable.Parent is not UsingExpressionAst && !IsInUsing(variable);

    private static bool IsInUsing(Ast ast)
    {
        for (var parent = ast.Parent; parent is ExpressionAst; parent = parent.Parent)
        {
            if (parent is UsingExpressionAst)
            {
                return true;
            }
        }

        return false;
    }

    private static IEnumerable<string> NamesSetBy(Ast ast) => ast switch
    {
        AssignmentStatementAst assignment => Targets(assignment.Left),
        ForEachStatementAst loop => [Name(loop.Variable)],
        ParameterAst parameter => [Name(parameter.Name)],
        PropertyMemberAst member => [member.Name],
        DataStatementAst { Variable: { } name } => [name],
        UnaryExpressionAst { TokenKind: TokenKind.PlusPlus or TokenKind.MinusMinus or TokenKind.PostfixPlusPlus or TokenKind.PostfixMinusMinus } unary => Targets(unary.Child),
        ConvertExpressionAst { Type.TypeName.Name: var type } convert when type.Equals("ref", StringComparison.OrdinalIgnoreCase) => Targets(convert.Child),
        CommandAst command => NamesSetBy(command),
        _ => [],
    };

    private static IEnumerable<string> NamesSetBy(CommandAst command)
    {
        var isSetter = command.GetCommandName() is { } called && Setters.Contains(called);
        for (var i = 1; i < command.CommandElements.Count; i++)
        {
            var previous = command.CommandElements[i - 1] as CommandParameterAst;
            if (command.CommandElements[i] is CommandParameterAst { Argument: StringConstantExpressionAst attached } parameter && OutputParameters.Contains(parameter.ParameterName))
            {
                yield return attached.Value.TrimStart('+');
            }
            else if (command.CommandElements[i] is StringConstantExpressionAst text
                && (isSetter || (previous is not null && OutputParameters.Contains(previous.ParameterName))))
            {
                yield return text.Value.TrimStart('+');
            }
        }
    }

    private static IEnumerable<string> Targets(Ast left) =>
        left.FindAll(ast => ast is VariableExpressionAst, searchNestedScriptBlocks: false)
            .Cast<VariableExpressionAst>()
            .Where(v => v.Parent is not (MemberExpressionAst or IndexExpressionAst))
            .Select(Name);

    private static string Name(VariableExpressionAst variable)
    {
        var path = variable.VariablePath.UserPath;
        return path[(path.IndexOf(':', StringComparison.Ordinal) + 1)..];
    }
}
