using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;

namespace PgQueue.TaskHost.Scripts;

/// <summary>
/// A .ps1 that is run as the file it is, so that $PSScriptRoot, #requires and execution policy hold. An <c>exit</c>
/// ends only the file then: its code is in $LASTEXITCODE, as any program's is, and only a false $? tells the two apart.
/// </summary>
internal sealed class ScriptFile
{
    private const string Caller = "param($__file, $__args, $__params, $__end) & $__file @__args @__params; $__end.Succeeded = $?";

    private readonly string path;
    private readonly Hashtable end = [];

    /// <exception cref="TaskSetupException">There is no such file.</exception>
    public ScriptFile(string path)
    {
        this.path = Path.GetFullPath(path);
        if (!File.Exists(this.path))
        {
            throw new TaskSetupException($"The script file '{this.path}' does not exist on this machine.");
        }
    }

    public void AddTo(PowerShell shell, object?[] args, Hashtable named) =>
        shell.AddScript(Caller).AddArgument(path).AddArgument(args).AddArgument(named).AddArgument(end);

    /// <summary>What the file passed to <c>exit</c>; null where it ran to its end, or exited with 0.</summary>
    public int? ExitCode(Runspace runspace) =>
        end["Succeeded"] is false && runspace.SessionStateProxy.GetVariable("LASTEXITCODE") is int code and not 0 && HasExit() ? code : null;

    private bool HasExit() => Parser.ParseFile(path, out _, out _).Find(ast => ast is ExitStatementAst, searchNestedScriptBlocks: true) is not null;
}
