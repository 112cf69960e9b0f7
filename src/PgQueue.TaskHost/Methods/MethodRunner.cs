using System.Reflection;
using PgQueue.Protocol;
using PgQueue.TaskHost.Wire;

namespace PgQueue.TaskHost.Methods;

/// <summary>Runs a public static method of an assembly, and awaits it.</summary>
internal sealed class MethodRunner : ITaskRunner
{
    public void WarmUp(Func<TimeSpan, bool> taskComesWithin)
    {
        if (!taskComesWithin(TaskSession.Quiet))
        {
            MethodWarmUp.Run();
        }
    }

    public void Forget()
    {
    }

    public TaskEnded Run(RunTask task, TaskVoice voice, CancellationToken stop)
    {
        var output = voice.Output;
        var spec = SpecReader.Method(task.Spec);
        TaskEnvironment.Apply(spec.Cwd, spec.Env);

        var call = Bind(spec, stop);
        try
        {
            // On the main thread, which has no synchronisation context: the thread pool's start is spared to a task that needs none.
            var value = InvokeAsync(call, output, stop).GetAwaiter().GetResult();
            return new TaskEnded { Outcome = Outcome.Completed, Result = ResultJson.From(value, output) };
        }
        catch (OperationCanceledException e) when (stop.IsCancellationRequested)
        {
            return new TaskEnded { Outcome = Outcome.Stopped, Error = ErrorDetails.From(e) };
        }
        catch (Exception e)
        {
            // Whatever the method throws is the task's end, and is told as such.
            return TaskSession.Failed(ErrorDetails.From(e));
        }
    }

    private static MethodCall Bind(MethodSpec spec, CancellationToken stop)
    {
        try
        {
            var overloads = TaskAssembly.Load(spec.Assembly).FindMethods(MethodName.Parse(spec.Method));
            return MethodBinder.Bind(overloads, spec.Args, spec.Params, stop);
        }
        catch (Exception e) when (e is IOException or TypeLoadException or BadImageFormatException)
        {
            throw new TaskSetupException($"The method '{spec.Method}' can't be called, since something that '{spec.Assembly}' needs can't be loaded: {e.Message}", e);
        }
    }

    private static Task<object?> InvokeAsync(MethodCall call, OutputQueue output, CancellationToken stop)
    {
        var returned = call.Method.Invoke(null, BindingFlags.DoNotWrapExceptions, null, call.Arguments, null);
        return ReturnValue.AwaitAsync(call.Method.ReturnType, returned, output, stop);
    }
}
