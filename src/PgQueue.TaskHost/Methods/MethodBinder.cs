using System.Reflection;
using System.Text.Json;

namespace PgQueue.TaskHost.Methods;

/// <summary>Chooses the overload that a task's arguments fit best.</summary>
internal static class MethodBinder
{
    /// <exception cref="TaskSetupException">No overload fits, or two fit equally well.</exception>
    public static MethodCall Bind(
        IReadOnlyList<MethodInfo> overloads,
        IReadOnlyList<JsonElement> positional,
        IReadOnlyDictionary<string, JsonElement> named,
        CancellationToken stop)
    {
        var bindings = new List<OverloadBinding>(overloads.Count);
        foreach (var overload in overloads)
        {
            bindings.Add(OverloadBinding.Try(overload, positional, named, stop));
        }

        var best = bindings.Where(b => b.Problem is null).OrderBy(b => b.Cost).Take(2).ToList();
        return best switch
        {
            [] => throw NoneFits(bindings),
            [var first, var second] when first.Cost == second.Cost => throw new TaskSetupException(
                $"The arguments fit both {TypeNames.Signature(first.Method)} and {TypeNames.Signature(second.Method)}. Pass them by name, or pass other types."),
            _ => new MethodCall(best[0].Method, best[0].Arguments),
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
