using System.Reflection;
using System.Text.Json;
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

    public TaskEnded Run(RunTask task, TaskVoice voice, CancellationToken stop)
    {
        var output = voice.Output;
        var spec = MessageReader.Method(task.Spec);
        TaskEnvironment.Apply(spec.Cwd, spec.Env);

        var call = Bind(spec, stop);
        try
        {
            // The thread pool has no synchronisation context and a deep enough stack; the main thread only waits.
            var value = Task.Run(() => InvokeAsync(call, output, stop), CancellationToken.None).GetAwaiter().GetResult();
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
            return MethodBinder.Bind(overloads, spec.Args ?? [], spec.Params ?? new Dictionary<string, JsonElement>(), stop);
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
