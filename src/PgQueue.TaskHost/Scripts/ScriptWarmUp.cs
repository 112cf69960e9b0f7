using System.Management.Automation.Runspaces;
using PgQueue.Protocol;

namespace PgQueue.TaskHost.Scripts;

/// <summary>
/// Takes an idle child through what every script goes through, so that its task finds all that loaded and compiled.
/// Leaves nothing behind that a script would see, but the two modules that almost every script loads by itself.
/// </summary>
internal sealed class ScriptWarmUp(Runspace runspace, ScriptHost host)
{
    private static readonly string[] Steps =
    [
        "param($value) , $value | ForEach-Object { [pscustomobject]@{ Value = $_ } }",
        "Import-Module Microsoft.PowerShell.Utility",
        "Import-Module Microsoft.PowerShell.Management",
        "Write-Host warm; Write-Warning warm; Write-Verbose warm; Write-Progress warm -Completed",
        "Get-Item -LiteralPath $PSHOME; Get-Date",
        "try { throw 'warm' } catch { Write-Error warm } finally { $Error.Clear() }",
    ];

    /// <summary>Goes step by step, and stops before the next when the task has come.</summary>
    public void Run(Func<TimeSpan, bool> taskComesWithin)
    {
        foreach (var step in Steps)
        {
            if (taskComesWithin(TaskSession.Quiet))
            {
                return;
            }

            using var capture = new StreamCapture(_ => { });
            new ScriptInvocation(runspace, host, capture, CancellationToken.None).RunText(step, new ScriptSpec());
        }
    }
}
