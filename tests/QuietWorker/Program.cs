using System.Globalization;
using System.Text.Json.Nodes;
using PgQueue;

// A worker that says nothing of its tasks, and has a handler that does nothing: what the process holds is the worker's
// alone. It works until nothing is left, and tells twice a second how many bytes of its heap are alive.
var worker = new Worker(
    Environment.GetEnvironmentVariable("PGQUEUE_CONNECTION")!, Environment.GetEnvironmentVariable("PGQUEUE_SCHEMA")!, new WorkerOptions
    {
        Name = args[0],
        Concurrency = int.Parse(args[1], CultureInfo.InvariantCulture),
        Mode = WorkerMode.Drain,
        Handlers = new Dictionary<string, TaskHandler> { ["noop"] = (_, _) => Task.FromResult<JsonNode?>(null) },
    });
using var timer = new Timer(
    _ => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"heap {GC.GetTotalMemory(forceFullCollection: true)}")), null, 0, 500);
var summary = await worker.RunAsync();
return summary.Failed == 0 ? 0 : 1;
