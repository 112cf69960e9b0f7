using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using System.Text;
using PgQueue.Protocol;

namespace PgQueue.TaskHost.Scripts;

/// <summary>
/// The host's face. The streams are captured where they arise, so what PowerShell shows of them here is left out;
/// what a script or Out-Host writes here directly becomes information records, a line each.
/// </summary>
internal sealed class ScriptHostUI : PSHostUserInterface
{
    private readonly StringBuilder line = new();
    private string? echo;

    public StreamCapture? Output { get; set; }

    public override PSHostRawUserInterface RawUI { get; } = new ScriptHostRawUI();

    public static PSInvalidOperationException NotInteractive(string wanted) =>
        new($"The script asks for {wanted}, but a task runs non-interactively: there is nobody to answer. Pass what it needs as an argument.");

    /// <summary>An information record, which is captured elsewhere; PowerShell goes on to show it here.</summary>
    public override void WriteInformation(InformationRecord record) => echo = record.MessageData?.ToString();

    public override void Write(string value)
    {
        if (TakeEcho(value))
        {
            return;
        }

        foreach (var part in value.AsSpan().EnumerateLines())
        {
            // Each but the first begins after a line's end.
            line.Append(part).Append('\n');
        }

        line.Length--;
        SendWholeLines();
    }

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Write(value);

    public override void WriteLine(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => WriteLine(value);

    public override void WriteLine(string value)
    {
        if (!TakeEcho(value))
        {
            line.Append(value).Append('\n');
            SendWholeLines();
        }
    }

    public override void WriteErrorLine(string value) => Output?.AddHostLine(OutputStream.Error, value);

    public override void WriteDebugLine(string message)
    {
    }

    public override void WriteVerboseLine(string message)
    {
    }

    public override void WriteWarningLine(string message)
    {
    }

    public override void WriteProgress(long sourceId, ProgressRecord record)
    {
    }

    public override string ReadLine() => throw NotInteractive("a line of input");

    public override SecureString ReadLineAsSecureString() => throw NotInteractive("secret input");

    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) =>
        throw NotInteractive(string.Join(", ", descriptions.Select(d => $"a value for '{d.Name}'")));

    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice) =>
        throw NotInteractive($"a choice ({(string.IsNullOrEmpty(message) ? caption : message)})");

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) =>
        throw NotInteractive("a credential");

    public override PSCredential PromptForCredential(
        string caption,
        string message,
        string userName,
        string targetName,
        PSCredentialTypes allowedCredentialTypes,
        PSCredentialUIOptions options) => throw NotInteractive("a credential");

    /// <summary>Sends what was written without an end of line.</summary>
    public void Flush()
    {
        if (line.Length > 0)
        {
            line.Append('\n');
            SendWholeLines();
        }
    }

    private bool TakeEcho(string value)
    {
        var isEcho = echo is not null && echo == value;
        echo = null;
        return isEcho;
    }

    private void SendWholeLines()
    {
        var text = line.ToString();
        var end = text.LastIndexOf('\n');
        if (end < 0)
        {
            return;
        }

        foreach (var whole in text[..end].Split('\n'))
        {
            Output?.AddHostLine(OutputStream.Information, whole.TrimEnd('\r'));
        }

        line.Clear().Append(text, end + 1, text.Length - end - 1);
    }
}
