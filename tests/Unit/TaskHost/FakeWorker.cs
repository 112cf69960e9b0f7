using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using PgQueue.Protocol;
using Xunit;

namespace PgQueue.Unit.TaskHost;

/// <summary>
/// A worker's side of one child: starts the real process with its socket, speaks the protocol, keeps what the child
/// says and prints.
/// </summary>
internal sealed class FakeWorker : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static int count;

    private readonly string folder = Directory.CreateTempSubdirectory("pqth-").FullName;
    private readonly CancellationTokenSource deadline = new(Patience);
    private readonly Socket listener;
    private readonly StringBuilder stdout = new();
    private readonly StringBuilder stderr = new();
    private readonly TaskCompletionSource<TaskEnded> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<OutputRecord> records = [];
    private FrameStream? frames;
    private Task reading = Task.CompletedTask;
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private FakeWorker(string kind, IEnumerable<string>? program, IReadOnlyDictionary<string, string?>? variables)
    {
        var socket = Path.Combine(folder, "s");
        listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(socket));
        listener.Listen(1);
        Mark = $"fake-{Environment.ProcessId}/{Interlocked.Increment(ref count)}";
        Process = Start([.. program ?? ["dotnet", TaskHostFiles.TaskHost, kind]], socket, variables);
    }

    public Process Process { get; }

    public string Mark { get; }

    public string Token { get; } = Guid.NewGuid().ToString("N");

    public Hello Hello { get; private set; } = null!;

    /// <summary>Answers a child that adds tasks; nobody does where null.</summary>
    public Func<AddTasks, TasksAdded>? Adder { get; set; }

    /// <summary>What the child said of its task before its AfterTask hook ran.</summary>
    public TaskEnded? Verdict { get; private set; }

    /// <summary>What the process printed so far.</summary>
    public string Printed => Snapshot(stdout);

    public string PrintedErrors => Snapshot(stderr);

    /// <summary>Starts a child and waits until it has said hello.</summary>
    public static async Task<FakeWorker> StartAsync(
        string kind,
        IEnumerable<string>? program = null,
        IReadOnlyDictionary<string, string?>? variables = null)
    {
        var worker = new FakeWorker(kind, program, variables);
        try
        {
            await worker.AcceptAsync();
            return worker;
        }
        catch
        {
            await worker.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a method of the samples in a child of its own, to its end.</summary>
    public static async Task<(TaskEnded Ended, IReadOnlyList<OutputRecord> Records)> RunMethodAsync(string method, params object?[] args)
    {
        await using var worker = await StartAsync("method");
        await worker.SendMethodAsync(method, args);
        return (await worker.EndAsync(), worker.Records());
    }

    /// <summary>Runs a script in a child of its own, to its end.</summary>
    public static async Task<(TaskEnded Ended, IReadOnlyList<OutputRecord> Records)> RunScriptAsync(string script, ScriptSpec? spec = null)
    {
        await using var worker = await StartAsync("script");
        await worker.SendScriptAsync(script, spec);
        return (await worker.EndAsync(), worker.Records());
    }

    public static JsonElement Json(object? value) => JsonSerializer.SerializeToElement(value);

    public Task SendMethodAsync(string method, params object?[] args) => SendAsync(new MethodSpec
    {
        Assembly = TaskHostFiles.Samples,
        Method = "PgQueue.TaskSamples." + method,
        Args = [.. args.Select(Json)],
    });

    /// <summary>Sends a script with what else a worker may tell of its task.</summary>
    public Task SendScriptAsync(string? script, Func<RunTask, RunTask> more) =>
        SendRunAsync("script", script, JsonSerializer.SerializeToElement(new ScriptSpec(), ProtocolJson.Default.ScriptSpec), more);

    public Task SendAsync(MethodSpec spec) => SendRunAsync("method", null, JsonSerializer.SerializeToElement(spec, ProtocolJson.Default.MethodSpec));

    public Task SendScriptAsync(string? script, ScriptSpec? spec = null) =>
        SendRunAsync("script", script, JsonSerializer.SerializeToElement(spec ?? new ScriptSpec(), ProtocolJson.Default.ScriptSpec));

    public Task SendStopAsync() => SendAsync(new WorkerMessage { Stop = new StopTask { Reason = "canceled" } });

    public async Task SendAsync(WorkerMessage message) => await frames!.WriteAsync(message, deadline.Token);

    /// <summary>How the task ended; the process is gone then, with exit code 0.</summary>
    public async Task<TaskEnded> EndAsync()
    {
        try
        {
            var end = await ended.Task.WaitAsync(deadline.Token);
            Assert.Equal(0, await ExitAsync());
            return end;
        }
        catch (EndOfStreamException e)
        {
            var code = await ExitAsync();
            throw new EndOfStreamException($"{e.Message} It exited with {code} and printed: {Printed}{PrintedErrors}", e);
        }
    }

    /// <summary>The process's exit code, when it has ended and everything it printed has been read.</summary>
    public async Task<int> ExitAsync()
    {
        await Process.WaitForExitAsync(deadline.Token);
        return Process.ExitCode;
    }

    public IReadOnlyList<OutputRecord> Records()
    {
        lock (records)
        {
            return [.. records];
        }
    }

    /// <summary>Waits until what was said or printed so far fulfils a condition.</summary>
    public async Task UntilAsync(Func<FakeWorker, bool> condition)
    {
        while (true)
        {
            Task next;
            lock (records)
            {
                next = changed.Task;
            }

            if (condition(this))
            {
                return;
            }

            await next.WaitAsync(deadline.Token);
        }
    }

    /// <summary>Closes the line, as the death of a worker does.</summary>
    public void Die()
    {
        frames?.Dispose();
        listener.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        Die();
        if (!Process.HasExited)
        {
            Process.Kill(entireProcessTree: true);
        }

        await Process.WaitForExitAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10), CancellationToken.None);
        await reading.WaitAsync(TimeSpan.FromSeconds(10), CancellationToken.None);
        Process.Dispose();
        deadline.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private Process Start(IReadOnlyList<string> program, string socket, IReadOnlyDictionary<string, string?>? variables)
    {
        // As the worker does: a session of its own, so that the child leads a process group.
        var command = OperatingSystem.IsLinux() ? ["setsid", .. program] : program;
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[ChildEnvironment.Socket] = socket;
        start.Environment[ChildEnvironment.Token] = Token;
        start.Environment[ChildEnvironment.Mark] = Mark;

        // Or a killed child leaves its debugger's sockets in the temporary folder.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment[ChildEnvironment.Drop] = "DOTNET_EnableDiagnostics";
        foreach (var (name, value) in variables ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Append(stdout, line.Data);
        process.ErrorDataReceived += (_, line) => Append(stderr, line.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private async Task AcceptAsync()
    {
        var exited = Process.WaitForExitAsync(deadline.Token);
        var accepted = listener.AcceptAsync(deadline.Token).AsTask();
        if (await Task.WhenAny(accepted, exited) == exited)
        {
            await exited;
            Assert.Fail($"The child ended ({Process.ExitCode}) before it connected: {Printed}{PrintedErrors}");
        }

        frames = new FrameStream(new NetworkStream(await accepted, ownsSocket: true));
        Hello = (await frames.ReadAsync(deadline.Token))?.Hello ?? throw new InvalidDataException("The first frame was no hello: " + PrintedErrors);
        reading = ReadAsync();
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await frames!.ReadAsync(CancellationToken.None) is { } message)
            {
                lock (records)
                {
                    records.AddRange(message.Output ?? []);
                }

                if (message.Add is { } add && Adder is not null)
                {
                    await frames!.WriteAsync(new WorkerMessage { Added = Adder(add) }, CancellationToken.None);
                }

                Verdict ??= message.Verdict;
                if (message.Ended is not null)
                {
                    ended.TrySetResult(message.Ended);
                }

                Changed();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The line was closed, by this side or by a child that died.
        }

        ended.TrySetException(new EndOfStreamException("The child hung up before it said how its task ended."));
        _ = ended.Task.Exception;
        Changed();
    }

    private Task SendRunAsync(string kind, string? script, JsonElement spec, Func<RunTask, RunTask>? more = null)
    {
        var run = new RunTask
        {
            Id = 42,
            Run = 3,
            Attempt = 2,
            MaxAttempts = 5,
            Name = "sample",
            Queue = "default",
            Priority = 75,
            Worker = "fake",
            Deadline = new DateTimeOffset(2031, 2, 3, 4, 5, 6, TimeSpan.Zero),
            Kind = kind,
            Script = script,
            Spec = SpecMembers.Of(spec),
        };
        return SendAsync(new WorkerMessage { Run = more is null ? run : more(run) });
    }

    private void Append(StringBuilder text, string? line)
    {
        if (line is not null)
        {
            lock (text)
            {
                text.AppendLine(line);
            }

            Changed();
        }
    }

    private static string Snapshot(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }

    private void Changed()
    {
        lock (records)
        {
            changed.TrySetResult();
            changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
