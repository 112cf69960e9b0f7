using Spectre.Console;

namespace PgQueue.Host.Demo;

/// <summary>Adds the demonstration's tasks, runs them with a worker, shows them live and judges their ends.</summary>
internal sealed class DemoRun(QueueClient client, string connectionString, string source)
{
    /// <returns>True where every task ended as it should.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        var plan = DemoTask.All(source);
        var added = await client.AddAsync([.. plan.Select(p => p.Task)], null, cancellationToken);
        var expected = plan.Zip(added).ToDictionary(p => p.Second.Id, p => p.First);
        Console.WriteLine($"{plan.Count} tasks are queued. A worker takes them, {Environment.ProcessorCount} at a time.");

        var screen = new DemoScreen();
        var cancels = new List<Task>();
        var worker = new Worker(connectionString, client.Schema, new WorkerOptions
        {
            Mode = WorkerMode.Drain,
            OnEvent = e =>
            {
                screen.Show(e);
                if (e is TaskStarted { TaskId: var id } && expected[id].CancelWhenRunning)
                {
                    cancels.Add(client.CancelAsync([id], "The demonstration canceled it.", cancellationToken));
                }
            },
        });
        await screen.RunAsync(() => worker.RunAsync(cancellationToken, cancellationToken));
        await Task.WhenAll(cancels);
        return await SummarizeAsync(expected, cancellationToken);
    }

    private async Task<bool> SummarizeAsync(Dictionary<long, DemoTask> expected, CancellationToken cancellationToken)
    {
        var asExpected = 0;
        var lines = 0L;
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumns("Id", "Task", "State", "Ended", "Attempts", "Took", "Why");
        await foreach (var task in client.QueryAsync(new TaskQuery { Ascending = true }, cancellationToken))
        {
            var want = expected[task.Id];
            var right = task.State == want.State && task.Ended == want.Ended && task.Attempt == want.Attempts;
            asExpected += right ? 1 : 0;
            lines += task.Result is { } result && System.Text.Json.Nodes.JsonNode.Parse(result)?["Lines"] is { } n ? (int)n : 0;
            if (!right || task.Kind == TaskKind.Command || task.State != TaskState.Completed)
            {
                table.AddRow(
                    $"{task.Id}", Markup.Escape(task.Name!), DemoScreen.Colored(task.State), $"{task.Ended}", $"{task.Attempt}",
                    $"{task.Duration?.TotalSeconds:0.00} s", right ? Markup.Escape(FirstLine(task.Error)) : $"[red]expected {want.State}, {want.Ended}, attempt {want.Attempts}[/] {Markup.Escape(FirstLine(task.Error))}");
            }
        }

        AnsiConsole.Write(table);
        Console.WriteLine($"The method tasks counted {lines:N0} lines of source.");
        Console.WriteLine($"demo: {expected.Count} tasks, {asExpected} as expected");
        return asExpected == expected.Count;
    }

    private static string FirstLine(TaskError? error) => error?.Message.Split(['\n', '.'], 2)[0] ?? "";
}
