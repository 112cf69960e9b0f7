using PgQueue.Protocol;

namespace PgQueue.TaskHost;

/// <summary>
/// The task's records on their way to the worker. Whatever waits when the line is free goes in one frame. Bounded:
/// a task that writes faster than the worker reads is held back, and memory stays flat.
/// </summary>
internal sealed class OutputQueue
{
    private const int MaxWaiting = 2000;
    private const int MaxWaitingCharacters = 16 * 1024 * 1024;
    private const int MaxFrameCharacters = 1024 * 1024;

    private readonly ControlChannel channel;
    private readonly Queue<OutputRecord> waiting = new();
    private readonly object gate = new();
    private Thread? writer;
    private int waitingCharacters;
    private bool closed;

    public OutputQueue(ControlChannel channel) => this.channel = channel;

    /// <summary>Queues a record, cut to what is kept of one; blocks while the queue is full. Ignored after <see cref="Close"/>.</summary>
    public void Add(OutputRecord record)
    {
        record = OutputLimits.Apply(record);
        lock (gate)
        {
            while (!closed && (waiting.Count >= MaxWaiting || waitingCharacters >= MaxWaitingCharacters))
            {
                Monitor.Wait(gate);
            }

            if (closed)
            {
                // A thread that the task left behind; its task has ended.
                return;
            }

            waiting.Enqueue(record);
            waitingCharacters += Size(record);
            StartWriter();
            Monitor.PulseAll(gate);
        }
    }

    public void Add(OutputStream stream, string text, string? clixml = null) =>
        Add(new OutputRecord { Stream = stream, Text = text, Clixml = clixml });

    /// <summary>Sends what is queued and takes no more.</summary>
    public void Close()
    {
        lock (gate)
        {
            closed = true;
            Monitor.PulseAll(gate);
        }

        writer?.Join();
    }

    // Most tasks that write nothing are spared a thread.
    private void StartWriter()
    {
        if (writer is null)
        {
            writer = new Thread(Write) { IsBackground = true, Name = "output" };
            writer.Start();
        }
    }

    private void Write()
    {
        while (TakeBatch() is { } batch)
        {
            channel.Send(new ChildMessage { Output = batch });
        }
    }

    private List<OutputRecord>? TakeBatch()
    {
        lock (gate)
        {
            while (waiting.Count == 0)
            {
                if (closed)
                {
                    return null;
                }

                Monitor.Wait(gate);
            }

            var batch = new List<OutputRecord>();
            for (var size = 0; waiting.TryPeek(out var next) && (batch.Count == 0 || size + Size(next) <= MaxFrameCharacters);)
            {
                size += Size(next);
                batch.Add(waiting.Dequeue());
            }

            waitingCharacters -= batch.Sum(Size);
            Monitor.PulseAll(gate);
            return batch;
        }
    }

    private static int Size(OutputRecord record) => 32 + (record.Text?.Length ?? 0) + (record.Clixml?.Length ?? 0);
}
