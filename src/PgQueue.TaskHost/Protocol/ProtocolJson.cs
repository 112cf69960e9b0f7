using System.Text.Json;
using System.Text.Json.Serialization;

namespace PgQueue.Protocol;

/// <summary>Source-generated serialisation: reflection would cost each child tens of milliseconds at start-up.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    MaxDepth = 256)]
[JsonSerializable(typeof(ChildMessage))]
[JsonSerializable(typeof(ScriptSpec))]
[JsonSerializable(typeof(MethodSpec))]
[JsonSerializable(typeof(CommandSpec))]
[JsonSerializable(typeof(ErrorDetail))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(IReadOnlyList<InputTask>))]
internal sealed partial class ProtocolJson : JsonSerializerContext;
