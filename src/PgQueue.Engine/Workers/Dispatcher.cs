namespace PgQueue;

/// <summary>Claims as many tasks as the worker has places for, has them run, and at the end waits for those that run.</summary>
internal sealed class Dispatcher(
    QueueDatabase database, WorkerSession session, WorkerIdentity identity, WorkerOptions options, TaskExecution execution,
    RunningTasks running, Places places, Signal signal, Outage outage, EventSink events, StopTokens stop, Action giveUp)
{
    /// <summary>Ended runs that may wait to be stored before no more are started: the database is slower than the tasks.</summary>
    private const int MaxUnstored = 2000;

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan FirstPoll = TimeSpan.FromMilliseconds(20);

    /// <summary>At least so often where no notification can come.</summary>
    private static readonly TimeSpan PollBehindPooler = TimeSpan.FromMilliseconds(500);

    /// <summary>After so many claims in a row that found tasks there is a backlog, and news of more tasks are not worth what they cost those who add.</summary>
    private const int BusyAfter = 3;

    private static readonly TimeSpan FullBeforeQuiet = TimeSpan.FromMilliseconds(100);

    /// <summary>How long ended runs may wait for a database that is away, once the worker is to stop at once.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly RunTracker _runs = new();

    public async Task RunAsync()
    {
        try
        {
            await LoopAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (stop.Draining.IsCancellationRequested && DatabaseErrors.IsTransient(e))
        {
            // Told to stop while the database is away: nothing is left to claim.
        }
        catch (Exception e) when (SchemaSkew.IsPossible(e))
        {
            // What runs is finished all the same where it is the schema that has moved on.
            if (await SchemaSkew.FindAsync(database).ConfigureAwait(false) is not { } found || !found.Excludes(Migration.Latest))
            {
                stop.StopNow();
                throw;
            }

            session.Compare(found);
        }
        catch
        {
            stop.StopNow();
            throw;
        }
        finally
        {
            await FinishRunsAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Claims as long as there are free places and ready tasks; sleeps where there are none.</summary>
    private async Task LoopAsync()
    {
        var claimer = new Claimer(database, identity, running);
        var presence = new Presence(database, session);
        var poll = FirstPoll;
        var inARow = 0;
        var isPoll = false;
        var longest = database.IsPooler && options.PollInterval > PollBehindPooler ? PollBehindPooler : options.PollInterval;
        while (!stop.Draining.IsCancellationRequested)
        {
            var free = options.Mode == WorkerMode.Once
                ? 1 - running.Count
                : Math.Min(places.Wanted(running.Count), options.Concurrency + MaxUnstored - running.Held);
            if (free <= 0)
            {
                if (!await signal.WaitAsync(FullBeforeQuiet, stop.Draining).ConfigureAwait(false))
                {
                    await TellAsync(presence, asleep: false).ConfigureAwait(false);
                    await signal.WaitAsync(options.PollInterval, stop.Draining).ConfigureAwait(false);
                }

                continue;
            }

            var workerId = 0L;
            var claimed = await outage.RetryAsync(token => claimer.ClaimAsync(workerId = session.WorkerId, free, isPoll, token), stop.Draining).ConfigureAwait(false);
            foreach (var task in claimed)
            {
                _runs.Track(execution.RunAsync(task));
            }

            if (workerId != session.WorkerId)
            {
                // Given up in the meantime: what was claimed under the old number is not this worker's.
                running.Stop(claimed.Select(t => t.Id), StopReason.Lost);
            }

            if (options.Mode == WorkerMode.Once)
            {
                return;
            }

            if (claimed.Count > 0)
            {
                (poll, isPoll) = (FirstPoll, false);
                if (++inARow == BusyAfter)
                {
                    await TellAsync(presence, asleep: false).ConfigureAwait(false);
                }

                continue;
            }

            inARow = 0;
            if (await TellAsync(presence, asleep: true).ConfigureAwait(false))
            {
                continue; // What came between the claim and the flag was not notified: look once more.
            }

            if (options.Mode == WorkerMode.Drain && running.Count == 0
                && !await outage.RetryAsync(token => presence.HasWorkAsync(identity, token), stop.Draining).ConfigureAwait(false))
            {
                return;
            }

            // A task whose transaction was open when the flag went up is not notified either: look soon, then less often.
            var nextStart = await outage.RetryAsync(claimer.NextStartAsync, stop.Draining).ConfigureAwait(false);
            var wait = new TimeSpan?[] { poll, nextStart, claimer.UntilComplete }.Min()!.Value;
            isPoll = !await signal.WaitAsync(wait < Moment ? Moment : wait, stop.Draining).ConfigureAwait(false);
            poll = isPoll ? TimeSpan.FromTicks(Math.Min((poll * 2).Ticks, longest.Ticks)) : FirstPoll;
        }
    }

    /// <summary>Has those who add tasks know whether to notify this worker. True where they did not yet.</summary>
    private async Task<bool> TellAsync(Presence presence, bool asleep)
    {
        if (!presence.IsNews(asleep))
        {
            return false;
        }

        await outage.RetryAsync(token => presence.SetAsleepAsync(asleep, token), stop.Draining).ConfigureAwait(false);
        return true;
    }

    private async Task FinishRunsAsync()
    {
        places.Close();
        if (_runs.Count > 0 && options.Mode != WorkerMode.Once)
        {
            events.Raise(new WorkerDraining(_runs.Count));
        }

        var all = _runs.AllAsync();
        if (options.StopGrace is { } grace && stop.Draining.IsCancellationRequested)
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
            await Task.Delay(Patience, CancellationToken.None).ConfigureAwait(false);
            if (!all.IsCompleted)
            {
                giveUp();
            }
        }
    }
}
