using System.ComponentModel;
using PgQueue.Protocol;

namespace PgQueue;

/// <summary>A task host's process, from its start to its end: waits for its task, runs it, and is gone; or waits for another.</summary>
internal sealed class HostedChild : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ExitTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PrintTime = TimeSpan.FromSeconds(1);

    private readonly IChildProcess _process;
    private readonly PrintedLines _printed;
    private readonly Task _printing;
    private readonly SemaphoreSlim _writing = new(1);
    private FrameStream? _channel;

    /// <summary>The task's own code had ended before anybody stopped it: only its AfterTask hook still ran.</summary>
    private bool _settled;

    private int _tasksLeft;

    private HostedChild(IChildProcess process, TaskKind kind, string token, int maxTasks)
    {
        _process = process;
        Kind = kind;
        _tasksLeft = maxTasks;
        _printed = new PrintedLines(kind, token);
        _printing = ChildOutput.PumpAsync(
            process, line => _printed.AddAsync(OutputStream.Information, line), line => _printed.AddAsync(OutputStream.Error, line), CancellationToken.None);
    }

    public TaskKind Kind { get; }

    public DateTime ReadySince { get; private set; }

    public bool HasExited => _process.Exited.IsCompleted;

    /// <summary>After a run: it waits for another, or does so soon.</summary>
    public bool MayRunAgain { get; private set; }

    /// <summary>Starts a child and waits until it is ready for its task.</summary>
    /// <exception cref="QueueException">It could not be started.</exception>
    public static async Task<HostedChild> StartAsync(
        TaskKind kind, TaskHostLauncher launcher, ChildServer server, ChildSettings settings, int maxTasks, CancellationToken cancellationToken)
    {
        var (file, args, environment) = launcher.CommandFor(kind);
        var (token, connecting) = server.Expect();
        environment[ChildEnvironment.Socket] = server.SocketPath;
        environment[ChildEnvironment.Token] = token;
        var mark = settings.NextMark();
        HostedChild child;
        try
        {
            var start = new ProcessStart(file, args, settings.EnvironmentOf(mark, environment), null);
            child = new HostedChild(ChildProcess.Start(start, mark), kind, token, maxTasks);
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
                throw new QueueException(QueueError.InvalidArgument, $"The task host ended before it was ready. {child._printed.Early()}");
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
                ? new QueueException(QueueError.InvalidArgument, $"The task host was not ready within {StartTime.TotalSeconds:0} s. {child._printed.Early()}", e)
                : new QueueException(QueueError.InvalidArgument, $"The task host could not be started: {e.Message}", e);
        }
    }

    /// <summary>Runs the task to its end, whatever that is; the child is used up then, unless it <see cref="MayRunAgain"/>.</summary>
    public async Task<(RunOutcome Outcome, StopReason? Stopped)> RunAsync(
        RunControl control, RunTask task, RunOutput output, Supervisor supervisor, TaskAdder adder)
    {
        var moreToCome = --_tasksLeft > 0;
        (MayRunAgain, _settled) = (false, false);
        _printed.Begin(output);
        var conversation = ConverseAsync(control, task with { MoreToCome = moreToCome }, output, adder);
        var stopped = await supervisor.WatchAsync(_process, control, conversation, AskToStopAsync).ConfigureAwait(false);
        var ended = await conversation.ConfigureAwait(false);
        if (moreToCome)
        {
            MayRunAgain = ended is not null && stopped is null && !HasExited && await HasPrintedAllAsync().ConfigureAwait(false);
            if (MayRunAgain)
            {
                return (Judge(ended, new ProcessExit(null, null, _process.EndTask())), null);
            }

            _channel!.Dispose(); // It waits for another task, and ends when it hears that there won't be one.
        }

        var exit = await FinishAsync().ConfigureAwait(false);
        return (Judge(ended, exit), _settled && stopped is StopReason.Timeout or StopReason.Memory or StopReason.Processes or StopReason.Released ? null : stopped);
    }

    /// <summary>Waits until a child that <see cref="MayRunAgain"/> has forgotten its last task.</summary>
    /// <exception cref="QueueException">It ended, or did not get ready in time.</exception>
    public async Task<HostedChild> RenewAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            time.CancelAfter(StartTime);
            if (await _channel!.ReadAsync(time.Token).ConfigureAwait(false) is { Ready: true })
            {
                ReadySince = DateTime.UtcNow;
                return this;
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException or ObjectDisposedException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Below, as where it has closed the line.
        }
        catch (OperationCanceledException)
        {
            await DisposeAsync().ConfigureAwait(false);
            throw;
        }

        await DisposeAsync().ConfigureAwait(false);
        throw new QueueException(QueueError.InvalidArgument, "The task host did not get ready for another task.");
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

    /// <summary>Whether all that the task printed has come; where its streams were closed or put to other use, that can't be known.</summary>
    private async Task<bool> HasPrintedAllAsync()
    {
        var all = _printed.EndAsync();
        await Task.WhenAny(all, _process.Exited, Task.Delay(PrintTime, CancellationToken.None)).ConfigureAwait(false);
        return all.IsCompleted;
    }
}
