using System.Diagnostics;

namespace PgQueue;

/// <summary>One task from its claim until the database knows its end.</summary>
internal sealed class TaskExecution(
    TaskRunner runner, OutputWriter writer, Finisher finisher, WorkerOptions options, RunningTasks running, Signal freed,
    EventSink events, Tally tally, CancellationToken stopNow)
{
    public async Task RunAsync(ClaimedTask task)
    {
        var control = running.Add(task);
        if (stopNow.IsCancellationRequested)
        {
            control.Stop(StopReason.Released); // It was claimed while the order to stop came.
        }

        var label = TaskLabel.Of(task);
        var clock = Stopwatch.StartNew();
        events.Raise(new TaskStarted(task.Id, label, task.Queue, task.Kind, task.Attempt));
        var output = new RunOutput(task.Id, task.Run, options.MaxOutput, writer);
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
            events.Raise(new WorkerWarning($"Task {task.Id} could not be run: {e}"));
        }

        var duration = clock.Elapsed;
        running.FreeSlot();
        freed.Set();
        if (stopped != StopReason.Lost)
        {
            await output.CompleteAsync(CancellationToken.None).ConfigureAwait(false);
            var finished = FinishedRun.Decide(task, outcome, stopped);
            if (await finisher.FinishAsync(finished).ConfigureAwait(false) is { } state)
            {
                tally.Count(state, finished.Refund);
                events.Raise(new TaskFinished(task.Id, label, task.Queue, state, outcome.End, task.Attempt, duration, TaskError.FromJson(finished.ErrorJson))
                {
                    GivenBack = finished.Refund,
                });
            }
            else
            {
                events.Raise(new WorkerWarning($"Task {task.Id} was no longer this worker's when it ended: its result was dropped."));
            }
        }

        running.Remove(control);
        freed.Set();
    }
}
