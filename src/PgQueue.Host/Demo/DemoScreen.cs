using Spectre.Console;

namespace PgQueue.Host.Demo;

/// <summary>A table of the latest runs that is redrawn in place; plain lines where the output is no terminal.</summary>
internal sealed class DemoScreen
{
    private const int Rows = 12;

    private readonly Lock _lock = new();
    private readonly List<(long Id, string Name, string State)> _latest = [];
    private readonly Dictionary<TaskState, int> _ends = [];
    private readonly bool _live = AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected;

    public DemoScreen()
    {
        if (!_live)
        {
            AnsiConsole.Profile.Capabilities.Ansi = false;
            AnsiConsole.Profile.Width = 120;
        }
    }

    public static string Colored(TaskState state) => state switch
    {
        TaskState.Completed => "[green]Completed[/]",
        TaskState.Failed => "[red]Failed[/]",
        TaskState.Canceled => "[yellow]Canceled[/]",
        _ => $"[blue]{state}[/]",
    };

    public void Show(WorkerEvent e)
    {
        if (!_live && e is not TaskStarted { Kind: TaskKind.Method } and not TaskFinished { State: TaskState.Completed })
        {
            WorkerLog.Write(e);
        }

        lock (_lock)
        {
            switch (e)
            {
                case TaskStarted s:
                    Put(s.TaskId, s.Name, "[aqua]running[/]");
                    break;
                case TaskFinished f:
                    _ends[f.State] = _ends.GetValueOrDefault(f.State) + 1;
                    Put(f.TaskId, f.Name, f.State is TaskState.Ready or TaskState.Scheduled ? "[blue]again[/]" : Colored(f.State));
                    break;
            }
        }
    }

    public async Task RunAsync(Func<Task> work)
    {
        if (!_live)
        {
            await work();
            return;
        }

        await AnsiConsole.Live(Draw()).StartAsync(async view =>
        {
            var running = work();
            while (!running.IsCompleted)
            {
                view.UpdateTarget(Draw());
                await Task.WhenAny(running, Task.Delay(100));
            }

            view.UpdateTarget(Draw());
            await running;
        });
    }

    private void Put(long id, string name, string state)
    {
        _latest.RemoveAll(row => row.Id == id);
        _latest.Add((id, name, state));
        if (_latest.Count > Rows)
        {
            _latest.RemoveAt(0);
        }
    }

    private Table Draw()
    {
        lock (_lock)
        {
            var table = new Table { Border = TableBorder.Simple };
            table.AddColumns("Id", "Task", "State");
            foreach (var (id, name, state) in _latest)
            {
                table.AddRow($"{id}", Markup.Escape(name), state);
            }

            table.Caption = new TableTitle(string.Join(", ", _ends.Where(e => e.Key is not (TaskState.Ready or TaskState.Scheduled)).Select(e => $"{e.Value} {e.Key}")));
            return table;
        }
    }
}
