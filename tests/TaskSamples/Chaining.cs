namespace PgQueue.TaskSamples;

/// <summary>Methods that add tasks by their worker.</summary>
public static class Chaining
{
    /// <summary>Adds what it is given, in the words of the SQL function add_tasks, and returns the worker's answer.</summary>
    public static string Add(string tasks, string shared) => Worker(tasks, shared);

    /// <summary>Adds so many command tasks that do nothing, in batches.</summary>
    public static int AddMany(int batches, int each)
    {
        for (var n = 0; n < batches; n++)
        {
            Worker($"[{string.Join(',', Enumerable.Repeat("{}", each))}]", """{"kind": "command", "spec": {"file": "true"}, "queue": "later"}""");
        }

        return batches * each;
    }

    /// <summary>Adds tasks of so many characters.</summary>
    public static string AddLarge(int characters) => Worker($$"""[{"script": "{{new string('x', characters)}}"}]""", """{"kind": "script"}""");

    /// <summary>Says on its standard output when it is about to add, and adds when the file is there.</summary>
    public static async Task<string> AddWhenThereAsync(string file, string tasks, CancellationToken cancellationToken)
    {
        Console.WriteLine("ready");
        while (!File.Exists(file))
        {
            await Task.Delay(20, cancellationToken);
        }

        return Worker(tasks, "{}");
    }

    private static string Worker(string tasks, string shared) =>
        AppContext.GetData("PgQueue.AddTasks") is Func<string, string, string> add
            ? add(tasks, shared)
            : throw new InvalidOperationException("This is not a task's process.");
}
