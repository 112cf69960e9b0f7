using System.Text;
using PgQueue.Protocol;

namespace PgQueue;

/// <summary>
/// What a task host prints, line by line: to the output of the task that it runs; before its first task it is kept, since
/// it tells why a child could not get ready. A line of the child's own ends what a task has printed.
/// </summary>
/// <param name="kind">The child's kind.</param>
/// <param name="endMark">How that line ends.</param>
internal sealed class PrintedLines(TaskKind kind, string endMark)
{
    private const int EarlyOutput = 4000;

    private readonly Lock _lock = new();
    private readonly StringBuilder _early = new();
    private RunOutput? _output;
    private TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _open;

    /// <summary>From here on it is the output of this run.</summary>
    public void Begin(RunOutput output)
    {
        lock (_lock)
        {
            _output = output;
            _open = 2;
            _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Completes when both streams have come to the end of the run's output.</summary>
    public Task EndAsync()
    {
        lock (_lock)
        {
            return _ended.Task;
        }
    }

    public async ValueTask AddAsync(OutputStream stream, string line)
    {
        RunOutput? output;
        lock (_lock)
        {
            output = _output;
            if (output is null)
            {
                if (_early.Length < EarlyOutput)
                {
                    _early.AppendLine(line);
                }

                return;
            }

            if (_ended.Task.IsCompleted)
            {
                return; // Of something that a task has left behind in the process.
            }
        }

        var isEnd = line.EndsWith(endMark, StringComparison.Ordinal);
        if (!isEnd || line.Length > endMark.Length)
        {
            // A method has no other output than what it prints; a script's goes by its streams.
            var target = stream == OutputStream.Information && kind == TaskKind.Method ? OutputStream.Output : stream;
            await output.AddAsync(target, isEnd ? line[..^endMark.Length] : line, null, CancellationToken.None).ConfigureAwait(false);
        }

        if (isEnd)
        {
            End();
        }
    }

    /// <summary>What was printed before the first task, for an error.</summary>
    public string Early()
    {
        lock (_lock)
        {
            return _early.Length == 0 ? "It printed nothing." : "It printed: " + _early.ToString().Trim();
        }
    }

    private void End()
    {
        lock (_lock)
        {
            if (--_open == 0)
            {
                _ended.TrySetResult();
            }
        }
    }
}
