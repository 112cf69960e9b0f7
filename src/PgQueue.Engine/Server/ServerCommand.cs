using System.ComponentModel;
using System.Diagnostics;

namespace PgQueue;

/// <summary>How a tool ended, and all it printed.</summary>
internal sealed record CommandResult(int ExitCode, string Output)
{
    public bool Succeeded => ExitCode == 0;
}

/// <summary>Runs PostgreSQL's tools in an environment that tells them nothing of the caller's.</summary>
internal static class ServerCommand
{
    // What PG* variables say would contradict the options, and the rest may hold secrets that
    // the server's account has no business with.
    private static readonly string[] s_passedOn =
    [
        "PATH", "HOME", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "SystemRoot", "SystemDrive",
        "windir", "ComSpec", "PATHEXT", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "NUMBER_OF_PROCESSORS",
    ];

    /// <summary>
    /// Runs a tool to its end. When the token fires the tool is killed, with <paramref name="killTree"/> its children too.
    /// </summary>
    /// <exception cref="EmbeddedServerException">The tool could not be started.</exception>
    public static async Task<CommandResult> RunAsync(
        string file, IEnumerable<string> arguments, string workingDirectory, bool killTree, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var start = new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            CreateNoWindow = true,
        };
        UseNeutralEnvironment(start.Environment);

        using var process = Start(start);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            var text = await error.ConfigureAwait(false) + await output.ConfigureAwait(false);
            return new CommandResult(process.ExitCode, text.Trim());
        }
        catch (OperationCanceledException)
        {
            process.Kill(killTree);
            throw;
        }
    }

    /// <summary>
    /// Runs pg_ctl start on Windows. There a child inherits every inheritable handle, and the server would hold the
    /// caller's pipes open for as long as it lives; only ShellExecute starts a process without them.
    /// </summary>
    public static async Task<CommandResult> RunDetachedAsync(
        string file, IEnumerable<string> arguments, string workingDirectory, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = workingDirectory,
            UseShellExecute = true,
            WindowStyle = ProcessWindowStyle.Hidden,
        };
        using var process = Start(start);
        await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        return new CommandResult(process.ExitCode, "");
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new EmbeddedServerException($"'{start.FileName}' did not start.");
        }
        catch (Win32Exception e)
        {
            throw new EmbeddedServerException($"'{start.FileName}' could not be run: {e.Message}", e);
        }
    }

    private static void UseNeutralEnvironment(IDictionary<string, string?> environment)
    {
        var kept = s_passedOn.Where(environment.ContainsKey).Select(name => (name, environment[name])).ToList();
        environment.Clear();
        foreach (var (name, value) in kept)
        {
            environment[name] = value;
        }

        // Messages are read by code (and quoted to English readers).
        environment["LC_ALL"] = "C";
    }
}
