using System.Runtime.ExceptionServices;
using Npgsql;

namespace PgQueue;

/// <summary>
/// Takes tasks from a queue and runs each in a child process, until it is told to stop. To follow one task: it is taken by
/// <see cref="Claimer"/>, run by <see cref="TaskRunner"/>, its end told by <see cref="Finisher"/>.
/// </summary>
public sealed class Worker
{
    /// <summary>Connections of the pool, beside the one of the <see cref="WorkerSession"/>.</summary>
    private const int MaxConnections = 4;

    private static readonly TimeSpan FirstPoll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan FullBeforeQuiet = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LeaveTime = TimeSpan.FromSeconds(10);

    private readonly string _connectionString;
    private readonly string _schema;
    private readonly WorkerOptions _options;
    private readonly WorkerIdentity _identity;
    private readonly RunningTasks _running = new();
    private readonly Signal _signal = new();
    private readonly Lock _eventLock = new();
    private readonly Tally _tally = new();
    private ExceptionDispatchInfo? _listenerFailure;
    private Action? _stopForListener;

    /// <summary>A worker of the queue in a schema.</summary>
    /// <param name="connectionString">Npgsql keywords or a <c>postgresql://</c> URL.</param>
    /// <param name="schema">The schema's name.</param>
    /// <param name="options">How it works.</param>
    /// <exception cref="QueueException">An option is out of its range.</exception>
    public Worker(string connectionString, string schema, WorkerOptions? options = null)
    {
        _options = options ?? new WorkerOptions();
        _options.Validate();
        (_connectionString, _schema) = (connectionString, schema);
        _identity = WorkerIdentity.Of(_options);
    }

    /// <summary>Works until its mode, its time or one of the tokens ends it. May be called once.</summary>
    /// <param name="drain">Take no more tasks, and finish those that run.</param>
    /// <param name="stopNow">End the tasks that run: they run again elsewhere, with no attempt used.</param>
    /// <returns>What it did.</returns>
    /// <exception cref="QueueException">The queue could not be reached at the start, or is not this version's.</exception>
    public async Task<WorkerSummary> RunAsync(CancellationToken drain = default, CancellationToken stopNow = default)
    {
        var database = new QueueDatabase(_connectionString, _schema, MaxConnections);
        await using (database.ConfigureAwait(false))
        {
            await new SchemaInstaller(database).CheckAsync(drain).ConfigureAwait(false);
            using var stop = new StopTokens(_options.For, drain, stopNow);
            _stopForListener = stop.Drain;
            var outage = new Outage(message => Raise(new WorkerWarning(message)), database);
            var session = new WorkerSession(database, _identity, outage);
            await using (session.ConfigureAwait(false))
            {
                await JoinAsync(database, session, drain).ConfigureAwait(false);
                Listen(session, stop);
                Raise(new WorkerStarted(session.WorkerId, _identity.Name));
                try
                {
                    await WorkAsync(database, session, outage, stop).ConfigureAwait(false);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    // A schema that was dropped or replaced under the worker shows in many odd errors: name it.
                    await new SchemaInstaller(database).CheckAsync(CancellationToken.None).ConfigureAwait(false);
                    throw database.Translate(e);
                }
            }
        }

        _listenerFailure?.Throw();
        return _tally.Summary(_identity.Name);
    }

    private static async Task JoinAsync(QueueDatabase database, WorkerSession session, CancellationToken cancellationToken)
    {
        try
        {
            await session.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw database.Translate(e);
        }
    }

    private void Listen(WorkerSession session, StopTokens stop)
    {
        session.Woken += _signal.Set;
        session.Canceled += ids => _running.Stop(ids, StopReason.Canceled);
        session.Lost += () =>
        {
            Raise(new WorkerWarning($"This worker was given up for dead; its {_running.Count} tasks are ended here and run elsewhere."));
            _running.StopAll(StopReason.Lost);
        };
        session.StopRequested += now =>
        {
            stop.Drain();
            if (now)
            {
                stop.StopNow();
            }
        };
        stop.Now.UnsafeRegister(_ => _running.StopAll(StopReason.Released), null);
        stop.Draining.UnsafeRegister(_ => _signal.Set(), null);
    }

    /// <summary>Sets up what the worker consists of, works, and takes it down in the reverse order.</summary>
    private async Task WorkAsync(QueueDatabase database, WorkerSession session, Outage outage, StopTokens stop)
    {
        using var office = new CancellationTokenSource();
        var serving = StopIfItFailsAsync(session.RunAsync(office.Token), stop);
        var maintaining = StopIfItFailsAsync(new Maintainer(database, session, outage).RunAsync(office.Token), stop);
        try
        {
            await RunTasksAsync(database, session, outage, stop).ConfigureAwait(false);
        }
        finally
        {
            await office.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(serving, maintaining).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await LeaveAsync(session, outage).ConfigureAwait(false);
        }

        await Task.WhenAll(serving, maintaining).ConfigureAwait(false);
    }

    /// <summary>A worker that has lost its place for good must not go on without one.</summary>
    private static async Task StopIfItFailsAsync(Task office, StopTokens stop)
    {
        try
        {
            await office.ConfigureAwait(false);
        }
        catch
        {
            stop.StopNow();
            throw;
        }
    }

    private async Task RunTasksAsync(QueueDatabase database, WorkerSession session, Outage outage, StopTokens stop)
    {
        var settings = new ChildSettings(database.Settings.Password);
        var server = new ChildServer();
        await using (server.ConfigureAwait(false))
        {
            var guardian = OperatingSystem.IsLinux() ? new Unix.Guardian(settings.WorkerMark, server.Folder) : null;
            await using ((guardian as IAsyncDisposable ?? NoGuardian.Instance).ConfigureAwait(false))
            {
                var pool = new ChildPool(new TaskHostLauncher(_options), server, settings, _options.Mode == WorkerMode.Once ? 0 : _options.WarmChildren);
                await using (pool.ConfigureAwait(false))
                {
                    var runner = new TaskRunner(pool, new CommandRunner(settings, _options), _options, _identity.Name);
                    var output = new OutputWriter(database, outage);
                    await using (output.ConfigureAwait(false))
                    {
                        var finisher = new Finisher(database, () => session.WorkerId, outage);
                        await using (finisher.ConfigureAwait(false))
                        {
                            await ClaimAndFinishAsync(database, session, outage, stop, runner, output, finisher).ConfigureAwait(false);
                        }
                    }
                }
            }
        }
    }

    private async Task ClaimAndFinishAsync(
        QueueDatabase database, WorkerSession session, Outage outage, StopTokens stop, TaskRunner runner, OutputWriter output, Finisher finisher)
    {
        var runs = new RunTracker();
        try
        {
            await LoopAsync(database, session, outage, stop, task => runs.Track(RunOneAsync(task, runner, output, finisher))).ConfigureAwait(false);
        }
        catch (Exception e) when (stop.Draining.IsCancellationRequested && DatabaseErrors.IsTransient(e))
        {
            // Told to stop while the database is away: nothing is left to claim.
        }
        catch
        {
            stop.StopNow();
            throw;
        }
        finally
        {
            await FinishRunsAsync(runs, output, finisher, stop).ConfigureAwait(false);
        }
    }

    /// <summary>Claims as long as there are free places and ready tasks; sleeps where there are none.</summary>
    private async Task LoopAsync(QueueDatabase database, WorkerSession session, Outage outage, StopTokens stop, Action<ClaimedTask> start)
    {
        var claimer = new Claimer(database, _identity);
        var presence = new Presence(database, session);
        var poll = FirstPoll;
        while (!stop.Draining.IsCancellationRequested)
        {
            var free = (_options.Mode == WorkerMode.Once ? 1 : _options.Concurrency) - _running.Count;
            if (free <= 0)
            {
                if (!await _signal.WaitAsync(FullBeforeQuiet, stop.Draining).ConfigureAwait(false))
                {
                    await outage.RetryAsync(_ => presence.SetAsleepAsync(false), stop.Draining).ConfigureAwait(false);
                    await _signal.WaitAsync(_options.PollInterval, stop.Draining).ConfigureAwait(false);
                }

                continue;
            }

            var claimed = await outage.RetryAsync(_ => claimer.ClaimAsync(session.WorkerId, free, () => _running.Ids), stop.Draining).ConfigureAwait(false);
            foreach (var task in claimed)
            {
                start(task);
            }

            if (_options.Mode == WorkerMode.Once)
            {
                return;
            }

            if (claimed.Count > 0)
            {
                poll = FirstPoll;
                continue;
            }

            if (await outage.RetryAsync(_ => presence.SetAsleepAsync(true), stop.Draining).ConfigureAwait(false))
            {
                continue; // What came between the claim and the flag was not notified: look once more.
            }

            if (_options.Mode == WorkerMode.Drain && _running.Count == 0
                && !await outage.RetryAsync(_ => presence.HasWorkAsync(_identity), stop.Draining).ConfigureAwait(false))
            {
                return;
            }

            // A task whose transaction was open when the flag went up is not notified either: look soon, then less often.
            poll = await _signal.WaitAsync(poll, stop.Draining).ConfigureAwait(false)
                ? FirstPoll
                : TimeSpan.FromTicks(Math.Min((poll * 2).Ticks, _options.PollInterval.Ticks));
        }
    }

    private async Task RunOneAsync(ClaimedTask task, TaskRunner runner, OutputWriter writer, Finisher finisher)
    {
        var control = _running.Add(task);
        var label = TaskLabel.Of(task);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Raise(new TaskStarted(task.Id, label, task.Queue, task.Kind, task.Attempt));
        var output = new RunOutput(task.Id, task.Run, _options.MaxOutput, writer);
        RunOutcome outcome;
        StopReason? stopped;
        try
        {
            (outcome, stopped) = await runner.RunAsync(control, output).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Whatever this is, it is this task's trouble: the worker and its other tasks go on.
            (outcome, stopped) = (RunOutcome.Failed(TaskEnd.Error, $"PgQueue could not run the task: {e.Message}", e.GetType().FullName), null);
            Raise(new WorkerWarning($"Task {task.Id} could not be run: {e}"));
        }

        var duration = clock.Elapsed;
        _running.FreeSlot();
        _signal.Set();
        if (stopped != StopReason.Lost)
        {
            await output.CompleteAsync(CancellationToken.None).ConfigureAwait(false);
            var finished = FinishedRun.Decide(task, outcome, stopped);
            if (await finisher.FinishAsync(finished).ConfigureAwait(false) is { } state)
            {
                _tally.Count(state, finished.Refund);
                Raise(new TaskFinished(task.Id, label, task.Queue, state, outcome.End, task.Attempt, duration, TaskError.FromJson(finished.ErrorJson))
                {
                    GivenBack = finished.Refund,
                });
            }
            else
            {
                Raise(new WorkerWarning($"Task {task.Id} was no longer this worker's when it ended: its result was dropped."));
            }
        }

        _running.Remove(control);
        _signal.Set();
    }

    private async Task FinishRunsAsync(RunTracker runs, OutputWriter output, Finisher finisher, StopTokens stop)
    {
        if (runs.Count > 0 && _options.Mode != WorkerMode.Once)
        {
            Raise(new WorkerDraining(runs.Count));
        }

        var all = runs.AllAsync();
        if (_options.StopGrace is { } grace && stop.Draining.IsCancellationRequested)
        {
            await Task.WhenAny(all, Task.Delay(grace, stop.Now)).ConfigureAwait(false);
            if (!all.IsCompleted)
            {
                stop.StopNow();
            }
        }

        // A database that stays away must not keep a worker that was told to stop: what it can't tell counts as lost.
        using var patience = stop.Now.UnsafeRegister(_ => _ = GiveUpLaterAsync(), null);
        await all.ConfigureAwait(false);

        async Task GiveUpLaterAsync()
        {
            await Task.Delay(LeaveTime, CancellationToken.None).ConfigureAwait(false);
            if (!all.IsCompleted)
            {
                output.GiveUp();
                finisher.GiveUp();
            }
        }
    }

    private static async Task LeaveAsync(WorkerSession session, Outage outage)
    {
        using var time = new CancellationTokenSource(LeaveTime);
        try
        {
            await session.LeaveAsync(time.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException or InvalidOperationException or IOException)
        {
            outage.Report($"The worker could not say goodbye; others will notice that it is gone: {e.Message}");
        }
    }

    private void Raise(WorkerEvent e)
    {
        if (_options.OnEvent is not { } tell)
        {
            return;
        }

        lock (_eventLock)
        {
            if (_listenerFailure is not null)
            {
                return;
            }

            try
            {
                tell(e);
            }
            catch (Exception failure)
            {
                // The tasks must not suffer: they are finished, then the caller gets his exception.
                _listenerFailure = ExceptionDispatchInfo.Capture(failure);
                _stopForListener?.Invoke();
            }
        }
    }

    /// <summary>Stands in where the operating system needs no guardian.</summary>
    private sealed class NoGuardian : IAsyncDisposable
    {
        public static readonly NoGuardian Instance = new();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
