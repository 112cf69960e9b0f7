using System.Management.Automation;
using System.Management.Automation.Remoting.Internal;

namespace PgQueue.PowerShell;

/// <summary>
/// Runs a caller's script block in the caller's own scope, and keeps its output back. Errors go on as they come, and are
/// counted.
/// </summary>
internal sealed class BlockRun(PSCmdlet cmdlet, ScriptBlock block)
{
    // All dotted, with no variable of its own: nothing of this is seen in the caller's scope. Only errors leave the inner
    // block, so an error record that the caller's block emits is not taken for one that it wrote. Inside a try,
    // an error that ends a statement ends the block as well; this one catches what no code can catch, so all goes on as
    // it was thrown.
    private const string Wrapper = """
        try {
            . { . $args[0] | & $args[1] $args[2] } $args[0] $args[1] $args[2] 2>&1 | & $args[1] $args[3]
        }
        catch [StackOverflowException] {
        }
        """;

    private readonly List<PSObject?> _output = [];

    /// <summary>What the block wrote as output.</summary>
    public IReadOnlyList<PSObject?> Output => _output;

    /// <summary>How many errors the block wrote.</summary>
    public int Errors { get; private set; }

    /// <summary>The first of them.</summary>
    public ErrorRecord? FirstError { get; private set; }

    /// <summary>Runs it. What ends the block early is thrown.</summary>
    public void Run()
    {
        var take = new CmdletInfo("Receive-PqBlock", typeof(TakeCommand));
        cmdlet.InvokeCommand.InvokeScript(
            false, ScriptBlock.Create(Wrapper), null, block, take, (Action<PSObject?>)_output.Add, (Action<PSObject?>)PassOn);
    }

    /// <summary>Emits what was kept back.</summary>
    public void Emit()
    {
        foreach (var item in _output)
        {
            cmdlet.WriteObject(item);
        }
    }

    private void PassOn(PSObject? error)
    {
        if (error?.BaseObject is ErrorRecord record)
        {
            Errors++;
            FirstError ??= record;

            // WriteError would put this cmdlet in the place of the one that the error is from.
            new PSStreamObject(PSStreamObjectType.Error, record).WriteStreamObject(cmdlet, false);
        }
    }
}
