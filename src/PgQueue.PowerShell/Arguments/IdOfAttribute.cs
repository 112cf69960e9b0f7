using System.Collections;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// Lets what the module emits stand for its id, from another session too: <c>Wait-PqTask $task</c>. Refuses what has an id
/// of the other kind: <c>Get-PqTask | Stop-PqWorker</c> would stop whoever has the task's number.
/// </summary>
/// <param name="kind">Whose ids are wanted: <see cref="Task"/>, <see cref="Worker"/>.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class IdOfAttribute(string kind) : ArgumentTransformationAttribute
{
    public const string Task = "task";
    public const string Worker = "worker";

    private static readonly string Job = typeof(TaskJob).FullName!;

    private static readonly Dictionary<string, string[]> Types = new()
    {
        [Task] = [typeof(AddedTask).FullName!, typeof(SetTask).FullName!, "PgQueue.QueueTask", Job],
        [Worker] = ["PgQueue.WorkerInfo"],
    };

    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value is IEnumerable list and not string ? list.Cast<object?>().Select(IdOrSelf).ToArray() : IdOrSelf(inputData)!;
    }

    /// <summary>True for an object that stands for a task, or for a worker.</summary>
    internal static bool IsOf(string kind, PSObject item) =>
        item.TypeNames.Any(name => Types[kind].Any(type => name == type || name == "Deserialized." + type));

    /// <summary>The id of what is a task or a worker. A job's own Id is a number of its session.</summary>
    internal static object? IdIn(PSObject item) =>
        item.Properties[item.TypeNames.Any(name => name == Job || name == "Deserialized." + Job) ? nameof(TaskJob.TaskId) : "Id"].Value;

    private object? IdOrSelf(object? item)
    {
        if (item is null)
        {
            return item;
        }

        var shown = PSObject.AsPSObject(item);
        var other = kind == Task ? Worker : Task;
        return IsOf(kind, shown) ? IdIn(shown)
            : !IsOf(other, shown) ? item
            : throw new ArgumentTransformationMetadataException($"This is a {other}, not a {kind}; their ids have nothing to do with each other.");
    }
}
