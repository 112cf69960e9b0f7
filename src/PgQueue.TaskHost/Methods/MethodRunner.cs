using System.Reflection;
using System.Text.Json;
using PgQueue.Protocol;

namespace PgQueue.TaskHost.Methods;

/// <summary>Runs a public static method of an assembly, and awaits it.</summary>
internal sealed class MethodRunner : ITaskRunner
{
    public void WarmUp(Func<bool> taskHasCome)
    {
        if (!taskHasCome())
        {
            MethodWarmUp.Run();
        }
    }

    public TaskEnded Run(RunTask task, OutputQueue output, CancellationToken stop)
    {
        var spec = task.Spec.Deserialize(ProtocolJson.Default.MethodSpec)
            ?? throw new TaskSetupException("The task does not say which method to run.");
        TaskEnvironment.Apply(spec.Cwd, spec.Env);

        var call = Bind(spec, stop);
        try
        {
            // The thread pool has no synchronisation context and a deep enough stack; the main thread only waits.
            var result = Task.Run(() => InvokeAsync(call, output, stop), CancellationToken.None).GetAwaiter().GetResult();
            return new TaskEnded { Outcome = Outcome.Completed, Result = result };
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
        var overloads = TaskAssembly.Load(spec.Assembly).FindMethods(MethodName.Parse(spec.Method));
        return MethodBinder.Bind(overloads, spec.Args ?? [], spec.Params ?? new Dictionary<string, JsonElement>(), stop);
    }

    private static async Task<JsonElement?> InvokeAsync(MethodCall call, OutputQueue output, CancellationToken stop)
    {
        var returned = call.Method.Invoke(null, BindingFlags.DoNotWrapExceptions, null, call.Arguments, null);
        var value = await ReturnValue.AwaitAsync(call.Method.ReturnType, returned, output, stop).ConfigureAwait(false);
        return ResultJson.From(value, output);
    }
}
