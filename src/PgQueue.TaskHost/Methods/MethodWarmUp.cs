using System.Text.Json;
using PgQueue.Protocol;
using PgQueue.TaskHost.Wire;

namespace PgQueue.TaskHost.Methods;

/// <summary>Lets an idle child compile what every method task goes through, so that its task doesn't wait for it.</summary>
internal static class MethodWarmUp
{
    public static void Run()
    {
        const string Sample = """{"assembly":"a","method":"T::M","args":[1,"x"],"params":{}}""";
        using var json = JsonDocument.Parse(Sample);
        var spec = SpecReader.Method(SpecMembers.Of(json.RootElement));
        var method = typeof(MethodWarmUp).GetMethod(nameof(Echo))!;
        MethodBinder.Bind([method], spec.Args, spec.Params, CancellationToken.None);
    }

    /// <summary>Is only bound, never called.</summary>
    public static string Echo(int number, string text) => text + number;
}
