using System.Runtime.InteropServices;
using PgQueue.Protocol;

namespace PgQueue.TaskHost.Wire;

/// <summary>Writes this child's messages as frames. By hand, for the reason that <see cref="SpecReader"/> is.</summary>
internal sealed class MessageWriter
{
    private readonly FrameBuffer frame = new();

    /// <summary>The message as a frame; valid until the next call.</summary>
    public Span<byte> Write(ChildMessage message)
    {
        frame.Start();
        frame.OpenObject();
        if (message.Hello is { } hello)
        {
            Write(hello);
        }

        if (message.Output is { } output)
        {
            Write(output);
        }

        if (message.Add is { } add)
        {
            Write(add);
        }

        if (message.Verdict is { } verdict)
        {
            Write("verdict", verdict);
        }

        if (message.Ended is { } ended)
        {
            Write("ended", ended);
        }

        if (message.Ready)
        {
            frame.Raw("ready", "true"u8);
        }

        frame.CloseObject();
        return frame.Frame;
    }

    private void Write(Hello hello)
    {
        frame.OpenObject("hello");
        frame.Number("version", hello.Version);
        frame.Text("token", hello.Token);
        frame.Number("processId", hello.ProcessId);
        frame.CloseObject();
    }

    private void Write(IReadOnlyList<OutputRecord> output)
    {
        frame.OpenArray("output");
        foreach (var record in output)
        {
            frame.OpenObject();
            frame.Text("stream", NameOf(record.Stream));
            frame.Text("text", record.Text);
            frame.Text("clixml", record.Clixml);
            frame.CloseObject();
        }

        frame.CloseArray();
    }

    private void Write(AddTasks add)
    {
        frame.OpenObject("add");
        frame.Number("id", add.Id);
        frame.Raw("tasks", JsonMarshal.GetRawUtf8Value(add.Tasks));
        frame.Raw("shared", JsonMarshal.GetRawUtf8Value(add.Shared));
        frame.CloseObject();
    }

    private void Write(string name, TaskEnded ended)
    {
        frame.OpenObject(name);
        frame.Text("outcome", NameOf(ended.Outcome));
        if (ended.Result is { } result)
        {
            frame.Raw("result", JsonMarshal.GetRawUtf8Value(result));
        }

        Write("error", ended.Error);
        frame.Number("exitCode", ended.ExitCode);
        Write("afterError", ended.AfterError);
        frame.CloseObject();
    }

    private void Write(string name, ErrorDetail? error)
    {
        if (error is null)
        {
            return;
        }

        frame.OpenObject(name);
        frame.Text("message", error.Message);
        frame.Text("type", error.Type);
        frame.Text("category", error.Category);
        frame.Text("errorId", error.ErrorId);
        frame.Text("target", error.Target);
        frame.Text("position", error.Position);
        frame.Text("scriptStackTrace", error.ScriptStackTrace);
        frame.Text("stackTrace", error.StackTrace);
        Write("inner", error.Inner);
        frame.CloseObject();
    }

    private static string NameOf(OutputStream stream) => stream switch
    {
        OutputStream.Output => nameof(OutputStream.Output),
        OutputStream.Error => nameof(OutputStream.Error),
        OutputStream.Warning => nameof(OutputStream.Warning),
        OutputStream.Verbose => nameof(OutputStream.Verbose),
        OutputStream.Information => nameof(OutputStream.Information),
        OutputStream.Debug => nameof(OutputStream.Debug),
        OutputStream.Progress => nameof(OutputStream.Progress),
        _ => throw new ArgumentOutOfRangeException(nameof(stream), stream, "No stream of a task's."),
    };

    private static string NameOf(Outcome outcome) => outcome switch
    {
        Outcome.Completed => nameof(Outcome.Completed),
        Outcome.Failed => nameof(Outcome.Failed),
        Outcome.Stopped => nameof(Outcome.Stopped),
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "No end of a task's."),
    };
}
