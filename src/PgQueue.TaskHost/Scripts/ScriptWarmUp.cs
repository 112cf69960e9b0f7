using System.Management.Automation.Runspaces;

namespace PgQueue.TaskHost.Scripts;

/// <summary>Lets an idle child go through what every script goes through, so that its task doesn't wait for it.</summary>
internal static class ScriptWarmUp
{
    /// <summary>Takes small steps, and stops before the next as soon as the task has come.</summary>
    public static void Run(Runspace runspace, Func<bool> taskHasCome)
    {
    }
}
