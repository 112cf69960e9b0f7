using System.Collections;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// Starts the embedded server, and makes it first if need be. It runs until Stop-PqServer. Connect to it with
/// Start-PqServer | Connect-PqQueue; cmdlets that were told of no other server use it by themselves.
/// </summary>
[Cmdlet(VerbsLifecycle.Start, "PqServer")]
[OutputType(typeof(EmbeddedServerStatus))]
public sealed class StartServerCommand : ServerCmdlet
{
    /// <summary>The folder of initdb, pg_ctl and postgres. Default: PGQUEUE_PG_BIN, else PATH and the usual folders are searched.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? BinDirectory { get; set; }

    /// <summary>How long the start may take. Default: 60s.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? Timeout { get; set; }

    /// <summary>Settings of postgresql.conf that differ from the defaults, by name. They take effect at the next start.</summary>
    [Parameter]
    public IDictionary? Setting { get; set; }

    private protected override void Process() => WriteObject(Await(Server().StartAsync));

    private protected override EmbeddedServerOptions Options(EmbeddedServerOptions options) => options with
    {
        BinDirectory = BinDirectory is null ? null : GetUnresolvedProviderPathFromPSPath(BinDirectory),
        StartTimeout = Timeout ?? options.StartTimeout,
        Settings = Setting is null ? options.Settings : Setting.Cast<DictionaryEntry>().ToDictionary(
            e => LanguagePrimitives.ConvertTo<string>(e.Key), e => LanguagePrimitives.ConvertTo<string>(e.Value)),
    };
}
