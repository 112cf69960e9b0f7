using System.Runtime.CompilerServices;
using PgQueue.Protocol;
using PgQueue.TaskHost.Methods;
using PgQueue.TaskHost.Scripts;

namespace PgQueue.TaskHost;

/// <summary>One child's life: connect, get ready, run the task that comes, say how it ended; again where more are to come.</summary>
internal static class TaskSession
{
    /// <summary>A child left alone for so long waits for work; before, its processor time belongs to those that have some.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(30);

    public static void Run(StartInfo start)
    {
        var channel = ControlChannel.Connect(start.Socket);
        Console.SetIn(TextReader.Null);
        TaskAdding.Offer(channel);
        var runner = Prepare(start.Kind);

        channel.SendHello(start.Token);
        while (RunOne(start, channel, runner) is { } before)
        {
            runner.Forget();
            before.Restore();
            runner = Prepare(start.Kind);
            channel.Renew();
            channel.Send(new ChildMessage { Ready = true });
        }
    }

    /// <summary>Waits for a task and runs it. Where another may follow, returns what has to be as it was before.</summary>
    private static ProcessSettings? RunOne(StartInfo start, ControlChannel channel, ITaskRunner runner)
    {
        runner.WarmUp(channel.RunComesWithin);
        var task = channel.WaitForRun();
        var before = task.MoreToCome ? ProcessSettings.Take() : null;

        var output = new OutputQueue(channel);
        var ended = Execute(start.Kind, runner, task, new TaskVoice(channel, output), channel.Stopping);
        output.Close();
        before?.EndPrinting(start.Token);
        channel.Send(new ChildMessage { Ended = ended });
        return before;
    }

    private static TaskEnded Execute(string kind, ITaskRunner runner, RunTask task, TaskVoice voice, CancellationToken stop)
    {
        if (task.Kind != kind)
        {
            return Failed(new ErrorDetail { Message = $"A task of kind '{task.Kind}' was given to a child for '{kind}'." });
        }

        try
        {
            return runner.Run(task, voice, stop);
        }
        catch (Exception e)
        {
            // Whatever goes wrong here, the worker should hear of it rather than find a dead process.
            return Failed(ErrorDetails.From(e));
        }
    }

    public static TaskEnded Failed(ErrorDetail error) => new() { Outcome = Outcome.Failed, Error = error };

    /// <summary>A child that can't get ready still takes its task, so that the task's error says why.</summary>
    private static ITaskRunner Prepare(string kind)
    {
        try
        {
            return kind == "script" ? PrepareScripts() : new MethodRunner();
        }
        catch (TaskSetupException e)
        {
            return new BrokenRunner(e);
        }
        catch (Exception e)
        {
            // PowerShell's start has as many ways to fail as an install can be broken.
            return new BrokenRunner(new TaskSetupException($"PowerShell can't be started in the task's process: {e.Message}", e));
        }
    }

    private static ScriptRunner PrepareScripts()
    {
        PowerShellHome.Load();
        return OpenScripts();
    }

    // Apart, because the JIT must not see a type of PowerShell's before PowerShellHome has said where its assemblies lie.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ScriptRunner OpenScripts() => ScriptRunner.Open();
}
