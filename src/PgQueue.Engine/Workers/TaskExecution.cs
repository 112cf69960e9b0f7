using System.Diagnostics;

namespace PgQueue;

/// <summary>One task from its claim until the database knows its end.</summary>
internal sealed class TaskExecution(
    TaskRunner runner, OutputWriter writer, Finisher finisher, WorkerOptions options, RunningTasks running, Places places, Signal freed,
    EventSink events, Tally tally, CancellationToken stopNow)
{
    /// <summary>Never fails: what goes wrong here is one task's trouble, and the worker and its other tasks go on.</summary>
    public async Task RunAsync(ClaimedTask task)
    {
        var control = running.Add(task);
        if (stopNow.IsCancellationRequested)
        {
            control.Stop(StopReason.Released); // It was claimed while the order to stop came.
        }

        try
        {
            await RunToItsEndAsync(control).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            events.Raise(new WorkerWarning($"The end of task {task.Id} could not be told; it is given back: {e}"));
            events.Raise(new TaskDropped(task.Id));
            running.SuspectStrays();
        }
        finally
        {
            running.Remove(control);
            freed.Set();
        }
    }

    private async Task RunToItsEndAsync(RunControl control)
    {
        var task = control.Task;
        var output = new RunOutput(task.Id, task.Run, options.MaxOutput, writer, events);
        var began = await places.EnterAsync(control).ConfigureAwait(false);
        var clock = Stopwatch.StartNew();
        var (outcome, stopped, label) = await (began ? RunInPlaceAsync(control, output, clock) : LeaveOutAsync(control)).ConfigureAwait(false);
        var duration = clock.Elapsed;
        if (stopped == StopReason.Lost)
        {
            events.Raise(new TaskDropped(task.Id));
            return;
        }

        await output.CompleteAsync(CancellationToken.None).ConfigureAwait(false);
        var finished = FinishedRun.Decide(task, outcome, stopped);
        var end = await finisher.FinishAsync(finished).ConfigureAwait(false);
        if (end is not null && !began && finished.Refund)
        {
            return; // Nobody has heard of it.
        }

        if (end is not null)
        {
            tally.Count(end.State, finished.Refund);
            var error = TaskError.FromJson(end.CancelError ?? finished.ErrorJson);
            events.Raise(new TaskFinished(task.Id, label, task.Queue, end.State, outcome.End, task.Attempt, duration, error)
            {
                GivenBack = finished.Refund,
            });
        }
        else
        {
            events.Raise(new WorkerWarning($"Task {task.Id} was no longer this worker's when it ended, or its end could not be stored: its result was dropped."));
            events.Raise(new TaskDropped(task.Id));
            running.Remove(control);
            running.SuspectStrays();
        }
    }

    /// <summary>Gives back a task that was claimed ahead and has got no place, unless somebody wants it ended anyway.</summary>
    private async Task<(RunOutcome Outcome, StopReason? Stopped, string Label)> LeaveOutAsync(RunControl control)
    {
        control.Stop(StopReason.Released);
        running.NoteEnd(control);
        return (new RunOutcome(TaskEnd.Canceled), await control.Stopped.ConfigureAwait(false), TaskLabel.Of(control.Task));
    }

    private async Task<(RunOutcome Outcome, StopReason? Stopped, string Label)> RunInPlaceAsync(RunControl control, RunOutput output, Stopwatch clock)
    {
        try
        {
            return await RunChildAsync(control, output).ConfigureAwait(false);
        }
        finally
        {
            running.NoteEnd(control);
            places.Leave(clock.Elapsed);
            freed.Set();
        }
    }

    private async Task<(RunOutcome Outcome, StopReason? Stopped, string Label)> RunChildAsync(RunControl control, RunOutput output)
    {
        var task = control.Task;
        var label = "";
        try
        {
            label = events.HasListener ? TaskLabel.Of(task) : label;
            events.Raise(new TaskStarted(task.Id, label, task.Queue, task.Kind, task.Attempt));
            var (outcome, stopped) = await runner.RunAsync(control, output).ConfigureAwait(false);
            return (outcome, stopped, label);
        }
        catch (Exception e)
        {
            events.Raise(new WorkerWarning($"Task {task.Id} could not be run: {e}"));
            return (RunOutcome.Failed(TaskEnd.Error, $"PgQueue could not run the task: {e.Message}", e.GetType().FullName), null, label);
        }
    }
}
