using System.CommandLine;

namespace PgQueue.Host;

/// <summary><c>worker</c>: a worker in the foreground, as a service manager wants it.</summary>
internal static class WorkerCommand
{
    /// <summary>Exit code of a worker that ended because the schema has become newer than it can work with.</summary>
    private const int Outdated = 3;

    private static readonly Option<string[]> Queues = new("--queue")
    {
        Description = "Queue to serve, wildcards allowed; may be repeated. All where absent.",
    };

    private static readonly Option<int> Concurrency = new("--concurrency")
    {
        Description = "Tasks at once.",
        DefaultValueFactory = _ => Environment.ProcessorCount,
    };

    private static readonly Option<string?> Name = new("--name") { Description = "The worker's name; machine and process id where absent." };

    private static readonly Option<bool> Once = new("--once") { Description = "Stop after one task." };

    private static readonly Option<bool> Drain = new("--drain") { Description = "Stop when nothing is left to do." };

    private static readonly Option<double?> For = new("--for") { Description = "Take no more tasks after so many seconds." };

    private static readonly Option<double?> StopGrace = new("--stop-grace")
    {
        Description = "Seconds that tasks have to finish when the worker is told to stop; no limit where absent.",
    };

    private static readonly Option<int?> ProcessLimit = new("--process-limit")
    {
        Description = "Processes that a task may have at once where it doesn't say so itself; 0 for no limit, 1000 where absent. On Linux only.",
    };

    private static readonly Option<int> MaxTasksPerChild = new("--max-tasks-per-child")
    {
        Description = "Scripts or methods that one process runs one after the other.",
        DefaultValueFactory = _ => new WorkerOptions().MaxTasksPerChild,
    };

    private static readonly Option<FileInfo?> BeforeTask = Script("--before-task", "PowerShell script to run before each task, with the task as its argument.");

    private static readonly Option<FileInfo?> AfterTask = Script("--after-task", "PowerShell script to run after each task, with the task and its error as arguments.");

    public static Command Create()
    {
        var command = new Command("worker", "Runs tasks until told to stop: SIGTERM or Ctrl+C lets them finish, a second one ends them at once (they run again elsewhere).")
        {
            Queues, Concurrency, Name, Once, Drain, For, StopGrace, ProcessLimit, MaxTasksPerChild, BeforeTask, AfterTask,
        };
        WorkerFilterOptions.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(Once) && result.GetValue(Drain))
            {
                result.AddError("--once and --drain exclude each other.");
            }
        });
        QueueOptions.AddTo(command);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var signals = new StopSignals();
        using var memory = new IdleMemory();
        var worker = new Worker(QueueOptions.ConnectionOf(arguments), QueueOptions.SchemaOf(arguments), WorkerFilterOptions.Of(arguments) with
        {
            Name = arguments.GetValue(Name),
            Queues = arguments.GetValue(Queues) ?? [],
            Concurrency = arguments.GetValue(Concurrency),
            Mode = arguments.GetValue(Once) ? WorkerMode.Once : arguments.GetValue(Drain) ? WorkerMode.Drain : WorkerMode.Forever,
            For = Seconds(arguments.GetValue(For)),
            StopGrace = Seconds(arguments.GetValue(StopGrace)),
            ProcessLimit = arguments.GetValue(ProcessLimit) ?? new WorkerOptions().ProcessLimit,
            MaxTasksPerChild = arguments.GetValue(MaxTasksPerChild),
            BeforeTask = await TextAsync(arguments.GetValue(BeforeTask), cancellationToken),
            AfterTask = await TextAsync(arguments.GetValue(AfterTask), cancellationToken),
            OnEvent = e =>
            {
                WorkerLog.Write(e);
                memory.Postpone();
            },
        });
        try
        {
            var summary = await worker.RunAsync(signals.Drain, signals.Now);
            WorkerLog.Write(summary);
            return summary.IsOutdated ? Outdated : 0;
        }
        catch (OperationCanceledException) when (signals.Drain.IsCancellationRequested)
        {
            return 0; // Told to stop before it had its place in the queue.
        }
    }

    private static Option<FileInfo?> Script(string name, string description)
    {
        var option = new Option<FileInfo?>(name) { Description = description };
        option.Validators.Add(result =>
        {
            if (result.GetValue(option) is { Exists: false } file)
            {
                result.AddError($"{name}: there is no file '{file}'.");
            }
        });
        return option;
    }

    private static async Task<string?> TextAsync(FileInfo? file, CancellationToken cancellationToken) =>
        file is null ? null : await File.ReadAllTextAsync(file.FullName, cancellationToken);

    private static TimeSpan? Seconds(double? seconds) => seconds is null ? null : TimeSpan.FromSeconds(seconds.Value);
}
