using System.ComponentModel;
using System.Text;
using PgQueue.Protocol;

namespace PgQueue;

/// <summary>A task host's process, from its start to its end: waits for its one task, runs it, and is gone.</summary>
internal sealed class HostedChild : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ExitTime = TimeSpan.FromSeconds(5);

    private const int EarlyOutput = 4000;

    private readonly IChildProcess _process;
    private readonly Task _printing;
    private readonly StringBuilder _early = new();
    private readonly Lock _lock = new();
    private RunOutput? _output;
    private readonly SemaphoreSlim _writing = new(1);
    private FrameStream? _channel;

    /// <summary>The task's own code had ended before anybody stopped it: only its AfterTask hook still ran.</summary>
    private bool _settled;

    private HostedChild(IChildProcess process, TaskKind kind)
    {
        _process = process;
        Kind = kind;
        _printing = ChildOutput.PumpAsync(
            process, line => PrintedAsync(OutputStream.Information, line), line => PrintedAsync(OutputStream.Error, line), CancellationToken.None);
    }

    public TaskKind Kind { get; }

    public DateTime ReadySince { get; private set; }

    public bool HasExited => _process.Exited.IsCompleted;

    /// <summary>Starts a child and waits until it is ready for its task.</summary>
    /// <exception cref="QueueException">It could not be started.</exception>
    public static async Task<HostedChild> StartAsync(
        TaskKind kind, TaskHostLauncher launcher, ChildServer server, ChildSettings settings, CancellationToken cancellationToken)
    {
        var (file, args, environment) = launcher.CommandFor(kind);
        var (token, connecting) = server.Expect();
        environment[ChildEnvironment.Socket] = server.SocketPath;
        environment[ChildEnvironment.Token] = token;
        var mark = settings.NextMark();
        HostedChild child;
        try
        {
            child = new HostedChild(ChildProcess.Start(new ProcessStart(file, args, settings.EnvironmentOf(mark, environment), null), mark), kind);
        }
        catch (Win32Exception e)
        {
            throw new QueueException(QueueError.InvalidArgument, $"The task host could not be started with '{file}': {e.Message}.", e);
        }

        try
        {
            await Task.WhenAny(connecting, child._process.Exited).WaitAsync(StartTime, cancellationToken).ConfigureAwait(false);
            if (!connecting.IsCompleted)
            {
                await child._printing.ConfigureAwait(false);
                throw new QueueException(QueueError.InvalidArgument, $"The task host ended before it was ready. {child.Early()}");
            }

            child._channel = await connecting.ConfigureAwait(false);
            child.ReadySince = DateTime.UtcNow;
            return child;
        }
        catch (Exception e)
        {
            server.Forget(token);
            await child.DisposeAsync().ConfigureAwait(false);
            if (e is QueueException or OperationCanceledException)
            {
                throw;
            }

            throw e is TimeoutException
                ? new QueueException(QueueError.InvalidArgument, $"The task host was not ready within {StartTime.TotalSeconds:0} s. {child.Early()}", e)
                : new QueueException(QueueError.InvalidArgument, $"The task host could not be started: {e.Message}", e);
        }
    }

    /// <summary>Runs the task to its end, whatever that is; the child is used up then.</summary>
    public async Task<(RunOutcome Outcome, StopReason? Stopped)> RunAsync(
        RunControl control, RunTask task, RunOutput output, Supervisor supervisor, TaskAdder adder)
    {
        lock (_lock)
        {
            _output = output;
        }

        var conversation = ConverseAsync(control, task, output, adder);
        var stopped = await supervisor.WatchAsync(_process, control, conversation, AskToStopAsync).ConfigureAwait(false);
        var ended = await conversation.ConfigureAwait(false);
        var exit = await FinishAsync().ConfigureAwait(false);
        return (Judge(ended, exit), _settled && stopped is StopReason.Timeout or StopReason.Memory or StopReason.Processes or StopReason.Released ? null : stopped);
    }

    public async ValueTask DisposeAsync()
    {
        _channel?.Dispose();
        if (!_process.Exited.IsCompleted)
        {
            await _process.KillTreeAsync().ConfigureAwait(false);
        }

        await _printing.ConfigureAwait(false);
        await _process.DisposeAsync().ConfigureAwait(false);
        _writing.Dispose();
    }

    /// <summary>Hands over the task and takes what comes back. Null: the child went away without a last word.</summary>
    private async Task<TaskEnded?> ConverseAsync(RunControl control, RunTask task, RunOutput output, TaskAdder adder)
    {
        TaskEnded? verdict = null;
        try
        {
            await SendAsync(new WorkerMessage { Run = task }).ConfigureAwait(false);
            while (await _channel!.ReadAsync(CancellationToken.None).ConfigureAwait(false) is { } message)
            {
                foreach (var record in message.Output ?? [])
                {
                    await output.AddAsync(record.Stream, record.Text, record.Clixml, CancellationToken.None).ConfigureAwait(false);
                }

                if (message.Add is not null)
                {
                    // One after the other: a child that adds without end is held back here, as by its output.
                    await AddAsync(message.Add, adder).ConfigureAwait(false);
                }

                if (message.Verdict is not null)
                {
                    (verdict, _settled) = (message.Verdict, !control.Stopped.IsCompleted);
                }

                if (message.Ended is not null)
                {
                    output.NearEnd();
                    return message.Ended;
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It died with the connection open: how, its process's end tells.
        }
        catch (InvalidDataException e)
        {
            return new TaskEnded { Outcome = Outcome.Failed, Error = new ErrorDetail { Message = "The task's process broke the protocol: " + e.Message } };
        }

        await _process.Exited.ConfigureAwait(false);
        return verdict is null ? null : verdict with { AfterError = new ErrorDetail { Message = "it did not come to its end, since its process was ended." } };
    }

    private async Task AddAsync(AddTasks request, TaskAdder adder)
    {
        using var gone = new CancellationTokenSource();
        var adding = adder.AddAsync(request, gone.Token);
        await Task.WhenAny(adding, _process.Exited).ConfigureAwait(false);
        if (!adding.IsCompleted)
        {
            await gone.CancelAsync().ConfigureAwait(false);
        }

        await SendAsync(new WorkerMessage { Added = await adding.ConfigureAwait(false) }).ConfigureAwait(false);
    }

    private async Task AskToStopAsync(StopReason reason)
    {
        try
        {
            await SendAsync(new WorkerMessage { Stop = new StopTask { Reason = DbWords.Of(reason) } }).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It has ended meanwhile.
        }
    }

    private async Task SendAsync(WorkerMessage message)
    {
        await _writing.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await _channel!.WriteAsync(message, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>After its last word a child has nothing left to do; one that stays is ended.</summary>
    private async Task<ProcessExit> FinishAsync()
    {
        await Task.WhenAny(_process.Exited, Task.Delay(ExitTime, CancellationToken.None)).ConfigureAwait(false);
        if (!_process.Exited.IsCompleted)
        {
            await _process.KillTreeAsync().ConfigureAwait(false);
        }

        await _printing.ConfigureAwait(false);
        return await _process.Exited.ConfigureAwait(false);
    }

    private static RunOutcome Judge(TaskEnded? ended, ProcessExit exit)
    {
        var outcome = ended switch
        {
            { Outcome: Outcome.Completed } => new RunOutcome(TaskEnd.Success) { Result = ended.Result?.GetRawText(), ExitCode = ended.ExitCode },
            { Outcome: Outcome.Stopped } => RunOutcome.Failed(TaskEnd.Canceled, "The task was asked to stop and did."),
            { Outcome: Outcome.Failed } => new RunOutcome(ended.ExitCode is null ? TaskEnd.Error : TaskEnd.ExitCode)
            {
                Error = ended.Error ?? new ErrorDetail { Message = "The task failed without an error." },
                ExitCode = ended.ExitCode,
            },
            _ when exit.Signal is { } signal => Signals.Outcome(signal) with { Signal = signal },
            _ => RunOutcome.Failed(TaskEnd.ExitCode, $"The task ended its process with exit code {exit.ExitCode?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "unknown"} before it was done.") with { ExitCode = exit.ExitCode },
        };
        return outcome with { PeakMemory = exit.PeakMemory, AfterError = ended?.AfterError };
    }

    private ValueTask PrintedAsync(OutputStream stream, string line)
    {
        RunOutput? output;
        lock (_lock)
        {
            output = _output;
            if (output is null)
            {
                if (_early.Length < EarlyOutput)
                {
                    _early.AppendLine(line);
                }

                return ValueTask.CompletedTask;
            }
        }

        // A method has no other output than what it prints; a script's goes by its streams.
        var target = stream == OutputStream.Information && Kind == TaskKind.Method ? OutputStream.Output : stream;
        return output.AddAsync(target, line, null, CancellationToken.None);
    }

    private string Early()
    {
        lock (_lock)
        {
            return _early.Length == 0 ? "It printed nothing." : "It printed: " + _early.ToString().Trim();
        }
    }
}
