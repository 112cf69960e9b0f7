using System.Reflection;
using System.Text.Json;

namespace PgQueue.TaskHost.Methods;

/// <summary>Chooses the overload that a task's arguments fit best.</summary>
internal static class MethodBinder
{
    /// <exception cref="TaskSetupException">No overload fits, or two fit equally well.</exception>
    public static MethodCall Bind(
        IReadOnlyList<MethodInfo> overloads,
        IReadOnlyList<JsonElement>? positional,
        IReadOnlyDictionary<string, JsonElement>? named,
        CancellationToken stop)
    {
        var bindings = new List<OverloadBinding>(overloads.Count);
        foreach (var overload in overloads)
        {
            bindings.Add(OverloadBinding.Try(overload, positional, named, stop));
        }

        OverloadBinding? best = null, equal = null;
        foreach (var binding in bindings)
        {
            if (binding.Problem is null && !(binding.Cost > best?.Cost))
            {
                (equal, best) = (binding.Cost == best?.Cost ? best : null, binding);
            }
        }

        return (best, equal) switch
        {
            (null, _) => throw NoneFits(bindings),
            (_, null) => new MethodCall(best.Method, best.Arguments),
            _ => throw new TaskSetupException(
                $"The arguments fit both {TypeNames.Signature(equal.Method)} and {TypeNames.Signature(best.Method)}. Pass them by name, or pass other types."),
        };
    }

    private static TaskSetupException NoneFits(List<OverloadBinding> bindings)
    {
        if (bindings is [var only])
        {
            return new TaskSetupException($"{TypeNames.Signature(only.Method)} can't be called: {only.Problem}", only.Cause);
        }

        var each = bindings.Select(b => $"{Environment.NewLine}  {TypeNames.Signature(b.Method)}: {b.Problem}");
        return new TaskSetupException($"No overload of '{bindings[0].Method.Name}' takes these arguments:{string.Concat(each)}");
    }
}
