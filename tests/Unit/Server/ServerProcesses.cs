using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace PgQueue.Unit;

/// <summary>Real processes around a server, and waiting for what they do.</summary>
internal static class ServerProcesses
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);

    /// <summary>Waits until a condition holds; fails when it does not in time.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(s_deadline);
        while (!await condition())
        {
            await Task.Delay(20, deadline.Token);
        }
    }

    /// <summary>Kills a process that can do nothing about it, and waits until it is gone.</summary>
    public static async Task KillAsync(int processId, CancellationToken cancellationToken)
    {
        using var process = Process.GetProcessById(processId);
        process.Kill();
        await process.WaitForExitAsync(cancellationToken).WaitAsync(s_deadline, cancellationToken);
    }

    /// <summary>
    /// Runs <see cref="StarterProcess"/> in a process of its own, its output in a pipe, until it has ended and the
    /// pipe's last writer has closed it. Returns the process id of the server it got.
    /// </summary>
    public static async Task<int> StartServerAsync(string directory, CancellationToken cancellationToken)
    {
        var answer = Path.Combine(Path.GetDirectoryName(directory)!, Guid.NewGuid().ToString("N"));
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
        {
            start.ArgumentList.Add("exec");
            start.ArgumentList.Add(typeof(StarterProcess).Assembly.Location);
        }

        foreach (var argument in (string[])["-method", $"{typeof(StarterProcess).FullName}.{nameof(StarterProcess.starts_a_server)}", "-explicit", "only"])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment[StarterProcess.Directory] = directory;
        start.Environment[StarterProcess.Answer] = answer;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        var all = await Task.WhenAll(output, error).WaitAsync(s_deadline, cancellationToken);
        await process.WaitForExitAsync(cancellationToken).WaitAsync(s_deadline, cancellationToken);
        Assert.True(process.ExitCode == 0, string.Concat(all));
        return int.Parse(await File.ReadAllTextAsync(answer, cancellationToken), CultureInfo.InvariantCulture);
    }
}
