using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text.Json.Nodes;

namespace PgQueue.PowerShell;

/// <summary>Makes a task's work from a cmdlet's parameters.</summary>
internal sealed class TaskWorkReader(NewTaskCmdlet cmdlet)
{
    /// <exception cref="CmdletException">A script or a value can't be used.</exception>
    public TaskWork Read(string parameterSet)
    {
        var common = new JsonObject();
        if (cmdlet.WorkingDirectory is { } folder)
        {
            common["cwd"] = Absolute(folder);
        }

        if (cmdlet.Environment is { Count: > 0 } variables)
        {
            common["env"] = Texts(variables);
        }

        return parameterSet switch
        {
            NewTaskCmdlet.CommandSet => ForCommand(common),
            NewTaskCmdlet.MethodSet => ForMethod(common),
            NewTaskCmdlet.FileSet => ForFile(common),
            _ => ForScript(common),
        };
    }

    private TaskWork ForCommand(JsonObject common)
    {
        common["file"] = IsBare(cmdlet.Command) ? cmdlet.Command : Absolute(cmdlet.Command);
        if (cmdlet.SuccessExitCode is { Length: > 0 } codes)
        {
            common["successCodes"] = new JsonArray([.. codes.Select(c => (JsonNode)JsonValue.Create(c))]);
        }

        return TaskWork.ForCommand(cmdlet.ArgumentList, common);
    }

    private TaskWork ForMethod(JsonObject common)
    {
        common["assembly"] = Absolute(cmdlet.Assembly);
        common["method"] = cmdlet.Method;
        return TaskWork.ForMethod(cmdlet.ArgumentList, cmdlet.Parameters, common);
    }

    private TaskWork ForFile(JsonObject common)
    {
        var path = Absolute(cmdlet.FilePath);
        return ForScript(ScriptFile.Read(path), common, Path.GetFileName(path));
    }

    private TaskWork ForScript(JsonObject common) => ForScript((ScriptBlockAst)cmdlet.ScriptBlock.Ast, common, null);

    private TaskWork ForScript(ScriptBlockAst script, JsonObject common, string? name)
    {
        WarnOfUnsetVariables(script);
        if (UsingVariables.Collect(script, cmdlet) is { } values)
        {
            common["using"] = values;
        }

        if (cmdlet.Module is { Length: > 0 } modules)
        {
            common["modules"] = new JsonArray([.. modules.Select(m => (JsonNode)JsonValue.Create(IsBare(m) ? m : Absolute(m)))]);
        }

        var text = cmdlet.ScriptBlock?.ToString() ?? script.Extent.Text;
        return TaskWork.ForScript(text, name, cmdlet.ArgumentList, cmdlet.Parameters, common);
    }

    private void WarnOfUnsetVariables(ScriptBlockAst script)
    {
        var names = UnsetVariables.In(script);
        if (names.Count > 0)
        {
            var list = string.Join(", ", names.Select(n => "$" + n));
            cmdlet.WriteWarning(
                $"The script reads {list} but never sets {(names.Count == 1 ? "it" : "them")}: a task runs in a fresh process, without the variables of this session. Write $using:{names[0]} to take its value from here, or pass it as an argument; write $global:{names[0]} where the task will have it, as from Start-PqWorker -BeforeTask.");
        }
    }

    private static JsonObject Texts(IDictionary variables)
    {
        var result = new JsonObject();
        foreach (DictionaryEntry entry in variables)
        {
            result[LanguagePrimitives.ConvertTo<string>(entry.Key)] = entry.Value is null ? null : JsonValue.Create(LanguagePrimitives.ConvertTo<string>(entry.Value));
        }

        return result;
    }

    private static bool IsBare(string name) => name.AsSpan().IndexOfAny('/', '\\') < 0 && name[0] != '~';

    /// <summary>A relative path is meant from here; a full one, of either kind of system, is the worker's affair.</summary>
    private string Absolute(string path) =>
        path[0] is '/' or '\\' || (path.Length > 2 && char.IsAsciiLetter(path[0]) && path[1] == ':' && path[2] is '/' or '\\')
            ? path
            : cmdlet.GetUnresolvedProviderPathFromPSPath(path);
}
