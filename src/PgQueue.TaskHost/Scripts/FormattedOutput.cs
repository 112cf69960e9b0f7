using System.Management.Automation;

namespace PgQueue.TaskHost.Scripts;

/// <summary>
/// What Format-Table and its like emit: orders to a printer, whose text is only known when the last has come. That
/// last one gets the whole table as its text, the others none.
/// </summary>
internal sealed class FormattedOutput
{
    private const string Namespace = "Microsoft.PowerShell.Commands.Internal.Format";
    private const int MaxKept = 5000;

    private readonly List<PSObject> orders = [];

    /// <summary>The text of such an order; null for any other object.</summary>
    public string? TextOf(PSObject? value)
    {
        var type = value?.BaseObject.GetType();
        if (type?.Namespace != Namespace)
        {
            return null;
        }

        if (type.Name == "FormatStartData")
        {
            orders.Clear();
        }

        if (orders.Count < MaxKept)
        {
            orders.Add(value!);
        }

        return type.Name == "FormatEndData" ? Print() : string.Empty;
    }

    private string Print()
    {
        using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        shell.AddCommand("Out-String");
        var text = string.Concat(shell.Invoke<string>(orders));
        orders.Clear();
        return text.Trim('\r', '\n');
    }
}
