using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace PgQueue.TaskHost.Methods;

/// <summary>The try to call one overload with a task's arguments.</summary>
internal sealed class OverloadBinding
{
    private const int CostOfDefault = 1;
    private const int CostOfParams = 100;

    private readonly ParameterInfo[] parameters;

    private OverloadBinding(MethodInfo method)
    {
        Method = method;
        parameters = method.GetParameters();
        Arguments = new object?[parameters.Length];
    }

    public MethodInfo Method { get; }

    public object?[] Arguments { get; }

    /// <summary>How far the arguments are from the parameters; 0 is an exact fit.</summary>
    public int Cost { get; private set; }

    /// <summary>Why the overload can't be called; null where it can.</summary>
    public string? Problem { get; private set; }

    /// <summary>The exception behind <see cref="Problem"/>, where there is one.</summary>
    public Exception? Cause { get; private set; }

    public static OverloadBinding Try(
        MethodInfo method,
        IReadOnlyList<JsonElement>? positional,
        IReadOnlyDictionary<string, JsonElement>? named,
        CancellationToken stop)
    {
        var binding = new OverloadBinding(method);
        try
        {
            binding.Fill(positional, named, stop);
        }
        catch (ArgumentConversionException e)
        {
            binding.Problem = e.Message;
            binding.Cause = e.InnerException;
        }

        return binding;
    }

    // Collections of JsonElement have to be compiled first: they are asked only where they are given.
    private void Fill(IReadOnlyList<JsonElement>? positional, IReadOnlyDictionary<string, JsonElement>? named, CancellationToken stop)
    {
        var count = positional is null ? 0 : positional.Count;
        if (named is not null)
        {
            RefuseUnknownNames(named);
        }

        var next = 0;
        for (var i = 0; i < parameters.Length && Problem is null; i++)
        {
            var parameter = parameters[i];
            if (parameter.ParameterType == typeof(CancellationToken))
            {
                Arguments[i] = stop;
            }
            else if (parameter.ParameterType.IsByRef || parameter.ParameterType.IsByRefLike || parameter.ParameterType.IsPointer)
            {
                Problem = $"its parameter '{parameter.Name}' is of a kind ({TypeNames.Of(parameter.ParameterType)}) that a task can't pass.";
            }
            else if (named is not null && TryGetNamed(named, parameter, out var value))
            {
                Convert(i, value);
            }
            else if (IsParams(i))
            {
                TakeRest(i, positional ?? [], ref next);
            }
            else if (next < count)
            {
                Convert(i, positional![next++]);
            }
            else
            {
                TakeDefault(i);
            }
        }

        if (Problem is null && next < count)
        {
            var most = parameters.Count(p => p.ParameterType != typeof(CancellationToken));
            Problem = $"{Count(count + (named is null ? 0 : named.Count))} given, it takes {(most == 0 ? "none" : "at most " + most.ToString(CultureInfo.InvariantCulture))}.";
        }
    }

    private void RefuseUnknownNames(IReadOnlyDictionary<string, JsonElement> named)
    {
        foreach (var name in named.Keys)
        {
            var at = Array.FindIndex(parameters, p => Same(p.Name, name));
            if (at < 0 || parameters[at].ParameterType == typeof(CancellationToken))
            {
                Problem = $"it has no parameter '{name}'.";
            }
        }
    }

    private static bool TryGetNamed(IReadOnlyDictionary<string, JsonElement> named, ParameterInfo parameter, out JsonElement value)
    {
        foreach (var (name, given) in named)
        {
            if (Same(parameter.Name, name))
            {
                value = given;
                return true;
            }
        }

        value = default;
        return false;
    }

    private static bool Same(string? parameter, string name) => string.Equals(parameter, name, StringComparison.OrdinalIgnoreCase);

    private bool IsParams(int i) =>
        i == parameters.Length - 1 && parameters[i].ParameterType.IsArray && parameters[i].IsDefined(typeof(ParamArrayAttribute), inherit: false);

    // One array in the place of the params array is that array; anything else is its elements.
    private void TakeRest(int i, IReadOnlyList<JsonElement> positional, ref int next)
    {
        var array = parameters[i].ParameterType;
        var element = array.GetElementType()!;
        if (next == positional.Count - 1 && positional[next].ValueKind == JsonValueKind.Array && !element.IsArray && element != typeof(object))
        {
            Convert(i, positional[next++]);
            return;
        }

        var rest = Array.CreateInstance(element, positional.Count - next);
        for (var at = 0; next < positional.Count; at++)
        {
            rest.SetValue(ArgumentConverter.Convert(parameters[i].Name!, positional[next], element), at);
            Cost += ArgumentConverter.Cost(positional[next], element);
            next++;
        }

        Cost += CostOfParams;
        Arguments[i] = rest;
    }

    private void Convert(int i, JsonElement value)
    {
        Arguments[i] = ArgumentConverter.Convert(parameters[i].Name!, value, parameters[i].ParameterType);
        Cost += ArgumentConverter.Cost(value, parameters[i].ParameterType);
    }

    private void TakeDefault(int i)
    {
        if (!parameters[i].IsOptional)
        {
            Problem = $"its parameter '{parameters[i].Name}' ({TypeNames.Of(parameters[i].ParameterType)}) is missing.";
            return;
        }

        var type = parameters[i].ParameterType;
        Arguments[i] = parameters[i].HasDefaultValue ? Type.Missing : type.IsValueType ? Activator.CreateInstance(type) : null;
        Cost += CostOfDefault;
    }

    private static string Count(int given) => given == 1 ? "1 argument is" : $"{given} arguments are";
}
