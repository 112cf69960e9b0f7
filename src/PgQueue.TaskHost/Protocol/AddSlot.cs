namespace PgQueue.Protocol;

/// <summary>
/// By what a task's own code reaches its worker to add tasks: a <c>Func&lt;string, string, string&gt;</c> among the
/// process's AppContext data. Types of the base library only, because the module and a method's assembly share no
/// others with the task host. It takes the tasks and what they have in common as JSON, in the words of the SQL function
/// add_tasks, and returns <c>{"rows": [[id, existing], …]}</c> or <c>{"error": {"error": …, "message": …, "taskId": …}}</c>.
/// </summary>
internal static class AddSlot
{
    /// <summary>The data's name.</summary>
    public const string Name = "PgQueue.AddTasks";
}
