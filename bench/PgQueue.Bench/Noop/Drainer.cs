using System.Text.Json.Nodes;

namespace PgQueue.Bench;

/// <summary>A queue that is filled and then emptied against the clock.</summary>
/// <param name="Name">Whose queue it is.</param>
/// <param name="Database">Where it is.</param>
/// <param name="Clear">The SQL that removes what is in it.</param>
/// <param name="FillAsync">Adds so many tasks that do nothing.</param>
/// <param name="Workers">Those who empty it.</param>
/// <param name="How">How they do it.</param>
internal sealed record Drainer(
    string Name, Database Database, string Clear, Func<int, CancellationToken, Task> FillAsync, Crew Workers, JsonObject? How)
{
    /// <summary>Fills it anew, and has it emptied.</summary>
    /// <returns>Tasks per second.</returns>
    /// <exception cref="BenchException">Not all of them were done.</exception>
    public async Task<double> MeasureAsync(int tasks, CancellationToken cancellationToken)
    {
        await Database.ExecuteAsync(Clear, cancellationToken);
        await FillAsync(tasks, cancellationToken);
        await Database.SettleAsync(cancellationToken);
        var (seconds, answers) = await Workers.TimeAsync("drain", How, cancellationToken);
        var completed = answers.Sum(a => (int)a["completed"]!);
        return completed == tasks
            ? tasks / seconds
            : throw new BenchException($"{Name} completed {completed} of {tasks} tasks.");
    }
}
