using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Tasks' errors as error records.</summary>
internal static class TaskErrors
{
    /// <summary>The error that ended a task.</summary>
    public static ErrorRecord From(TaskError error, QueueTask task) =>
        Make(new TaskException(error), error.ErrorId ?? "TaskFailed", error.Category, error.Type, error.Target, task);

    /// <summary>An error that a task wrote and went on.</summary>
    public static ErrorRecord From(TaskOutput record, QueueTask task)
    {
        if (record.Clixml is null)
        {
            return new ErrorRecord(new RemoteException(record.Text), "TaskErrorOutput", ErrorCategory.FromStdErr, task.Id);
        }

        var saved = PSObject.AsPSObject(PSSerializer.Deserialize(record.Clixml));
        var category = saved.Properties["CategoryInfo"]?.Value is PSObject info ? info : null;
        return Make(
            new RemoteException(record.Text ?? ""),
            Text(saved, "FullyQualifiedErrorId") ?? "TaskError",
            Text(category, "Category") ?? Text(saved, "ErrorCategory_Category"),
            Text(category, "Reason") ?? Text(saved, "ErrorCategory_Reason"),
            Text(category, "TargetName") ?? Text(saved, "ErrorCategory_TargetName"),
            task);
    }

    private static ErrorRecord Make(RemoteException exception, string id, string? category, string? type, string? target, QueueTask task)
    {
        var record = new ErrorRecord(
            exception,
            id,
            Enum.TryParse<ErrorCategory>(category, out var known) ? known : ErrorCategory.OperationStopped,
            task.Id);
        record.CategoryInfo.Reason = type?[(type.LastIndexOf('.') + 1)..] ?? task.Ended?.ToString() ?? "";
        record.CategoryInfo.TargetName = target ?? $"task {task.Id}";
        return record;
    }

    private static string? Text(PSObject? value, string property) => value?.Properties[property]?.Value?.ToString();
}
