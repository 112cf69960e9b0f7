using Npgsql;

namespace PgQueue;

/// <summary>
/// Takes tasks from a queue and runs each in a child process, until it is told to stop. To follow one task: the
/// <see cref="Dispatcher"/> has it claimed and run; <see cref="TaskExecution"/> is its way from there to its end.
/// </summary>
public sealed class Worker
{
    /// <summary>Connections of the pool, beside the one of the <see cref="WorkerSession"/>.</summary>
    private const int MaxConnections = 4;

    private static readonly TimeSpan LeaveTime = TimeSpan.FromSeconds(10);

    private readonly string _connectionString;
    private readonly string _schema;
    private readonly WorkerOptions _options;
    private readonly WorkerIdentity _identity;
    private readonly RunningTasks _running = new();
    private readonly Signal _signal = new();
    private readonly Tally _tally = new();
    private readonly EventSink _events;

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
        _events = new EventSink(_options.OnEvent);
    }

    /// <summary>Works until its mode, its time or one of the tokens ends it. May be called once.</summary>
    /// <param name="drain">Take no more tasks, and finish those that run.</param>
    /// <param name="stopNow">End the tasks that run: they run again elsewhere, with no attempt used.</param>
    /// <returns>What it did.</returns>
    /// <exception cref="QueueException">The queue could not be reached at the start, or is not this version's.</exception>
    public async Task<WorkerSummary> RunAsync(CancellationToken drain = default, CancellationToken stopNow = default)
    {
        var database = new QueueDatabase(_connectionString, _schema, MaxConnections, forWorker: true);
        await using (database.ConfigureAwait(false))
        {
            await new SchemaInstaller(database).CheckAsync(drain).WaitAsync(drain).ConfigureAwait(false);
            using var stop = new StopTokens(_options.For, drain, stopNow);
            _events.Failed += stop.Drain;
            var outage = new Outage(message => _events.Raise(new WorkerWarning(message)), database);
            var session = new WorkerSession(database, _identity, _running, outage);
            await using (session.ConfigureAwait(false))
            {
                await JoinAsync(database, session, drain).ConfigureAwait(false);
                Listen(session, stop);
                _events.Raise(new WorkerStarted(session.WorkerId, _identity.Name));
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

        _events.Failure?.Throw();
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
            _events.Raise(new WorkerWarning($"This worker was given up for dead; its {_running.Count} tasks are ended here and run elsewhere."));
            _running.StopAll(StopReason.Lost);
        };
        session.Forgotten += ids =>
        {
            _events.Raise(new WorkerWarning($"The server does not know that this worker runs {ids.Length} of its tasks, as after a failover that lost the newest changes; they are ended here."));
            _running.Stop(ids, StopReason.Lost);
        };
        session.StopRequested += now =>
        {
            stop.Drain();
            if (now)
            {
                stop.StopNow();
            }
        };
        session.SchemaChanged += schema => Meet(schema, stop);
        stop.Now.UnsafeRegister(_ => _running.StopAll(StopReason.Released), null);
        stop.Draining.UnsafeRegister(_ => _signal.Set(), null);
    }

    /// <summary>The schema was upgraded under the worker, which goes on or ends, as the newer version wants it.</summary>
    private void Meet(SchemaVersion schema, StopTokens stop)
    {
        if (_tally.IsOutdated)
        {
            return;
        }

        _tally.IsOutdated = schema.Excludes(Migration.Latest);
        var upgraded = $"The schema \"{_schema}\" was upgraded to version {schema.Latest} by a newer PgQueue; this worker knows {Migration.Latest}";
        if (_tally.IsOutdated)
        {
            _events.Raise(new WorkerWarning($"{upgraded}: it finishes its tasks and ends. Update it."));
            stop.Drain();
        }
        else
        {
            _events.Raise(new WorkerWarning($"{upgraded} and goes on. Once stopped, it has to be updated before it can start again."));
        }
    }

    /// <summary>Sets up what the worker consists of, works, and takes it down in the reverse order.</summary>
    private async Task WorkAsync(QueueDatabase database, WorkerSession session, Outage outage, StopTokens stop)
    {
        using var office = new CancellationTokenSource();
        Task[] duties =
        [
            StopIfItFailsAsync(session.RunAsync(office.Token), stop),
            StopIfItFailsAsync(new Maintainer(database, session, outage).RunAsync(office.Token), stop),
            StopIfItFailsAsync(new Housekeeper(database, session, outage).RunAsync(office.Token), stop),
            StopIfItFailsAsync(new ThroughputFolder(database, session, outage).RunAsync(office.Token), stop),
        ];
        try
        {
            await RunTasksAsync(database, session, outage, stop).ConfigureAwait(false);
        }
        finally
        {
            await office.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(duties).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await LeaveAsync(session, outage).ConfigureAwait(false);
        }

        await Task.WhenAll(duties).ConfigureAwait(false);
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
        var folder = ChildServer.NewFolder();
        IAsyncDisposable guardian = OperatingSystem.IsLinux() ? new Unix.Guardian(settings.WorkerMark, folder) : NothingToEnd.Instance;
        await using (guardian.ConfigureAwait(false))
        {
            var server = new ChildServer(folder);
            await using (server.ConfigureAwait(false))
            {
                var warm = _options.Mode == WorkerMode.Once ? 0 : _options.WarmChildren;
                var pool = new ChildPool(new TaskHostLauncher(_options), server, settings, warm, _options.MaxTasksPerChild);
                await using (pool.ConfigureAwait(false))
                {
                    using var places = new Places(_options.Concurrency);
                    using var adder = new TaskAdder(database, outage);
                    using var limits = LimitWatch(settings);
                    var supervisor = new Supervisor(limits, _options.CancelGrace);
                    var runner = new TaskRunner(
                        pool, new CommandRunner(settings, supervisor), new HandlerRunner(_options), new HookRunner(_options, _events),
                        new InputReader(database, outage), adder, supervisor, _identity.Name);
                    var output = new OutputWriter(database, outage);
                    await using (output.ConfigureAwait(false))
                    {
                        var finisher = new Finisher(database, () => session.WorkerId, outage);
                        await using (finisher.ConfigureAwait(false))
                        {
                            var execution = new TaskExecution(runner, output, finisher, _options, _running, places, _signal, _events, _tally, stop.Now);
                            await new Dispatcher(
                                database, session, _identity, _options, execution, _running, places, _signal, outage, _events, stop, GiveUp).RunAsync().ConfigureAwait(false);

                            void GiveUp()
                            {
                                output.GiveUp();
                                finisher.GiveUp();
                            }
                        }
                    }
                }
            }
        }
    }

    private ILimitWatch LimitWatch(ChildSettings settings) => OperatingSystem.IsLinux()
        ? new Unix.TreeWatch(settings.WorkerMark, _options.ProcessLimit, _events)
        : new PortableWatch(_options, _events);

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
}
