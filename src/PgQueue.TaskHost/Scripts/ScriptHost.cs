using System.Globalization;
using System.Management.Automation.Host;

namespace PgQueue.TaskHost.Scripts;

/// <summary>The host that scripts see as <c>$Host</c>: there is nobody to ask, and what is shown becomes records.</summary>
internal sealed class ScriptHost : PSHost
{
    private readonly ScriptHostUI ui = new();

    /// <summary>Takes what is written to the host; nothing is kept before it is set.</summary>
    public StreamCapture? Output
    {
        set => ui.Output = value;
    }

    /// <summary>What the script passed to <c>exit</c>; null where it didn't.</summary>
    public int? ExitCode { get; private set; }

    public override string Name => "PgQueueHost";

    public override Version Version { get; } = typeof(ScriptHost).Assembly.GetName().Version!;

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override CultureInfo CurrentCulture { get; } = CultureInfo.CurrentCulture;

    public override CultureInfo CurrentUICulture { get; } = CultureInfo.CurrentUICulture;

    public override PSHostUserInterface UI => ui;

    /// <summary>Lets go of what was written without an end of line.</summary>
    public void Flush() => ui.Flush();

    /// <summary>Begins anew: another script runs in the same host.</summary>
    public void ForgetExit() => ExitCode = null;

    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    public override void EnterNestedPrompt() => throw ScriptHostUI.NotInteractive("a nested prompt");

    public override void ExitNestedPrompt()
    {
    }

    public override void NotifyBeginApplication()
    {
    }

    public override void NotifyEndApplication()
    {
    }
}
