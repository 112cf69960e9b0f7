using System.Text;

namespace PgQueue.Protocol;

/// <summary>
/// A worker's message as bytes: a letter for its kind, then its members in their order. Not JSON, because a child would
/// have to start a parser for it first.
/// </summary>
internal static class WorkerFrame
{
    private const byte Run = (byte)'R';
    private const byte Stop = (byte)'S';
    private const byte Added = (byte)'A';

    public static byte[] Write(WorkerMessage message)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes, Encoding.UTF8);
        switch (message)
        {
            case { Run: { } run }:
                writer.Write(Run);
                Write(writer, run);
                break;
            case { Stop: { } stop }:
                writer.Write(Stop);
                writer.Write(stop.Reason);
                break;
            case { Added: { } added }:
                writer.Write(Added);
                Write(writer, added);
                break;
            default:
                throw new ArgumentException("A message without content.", nameof(message));
        }

        return bytes.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes are not such a message.</exception>
    public static WorkerMessage Read(byte[] frame)
    {
        try
        {
            using var reader = new BinaryReader(new MemoryStream(frame), Encoding.UTF8);
            return reader.ReadByte() switch
            {
                Run => new WorkerMessage { Run = ReadRun(reader) },
                Stop => new WorkerMessage { Stop = new StopTask { Reason = reader.ReadString() } },
                Added => new WorkerMessage { Added = ReadAdded(reader) },
                var kind => throw new InvalidDataException($"A message of kind {kind}, which is not known."),
            };
        }
        catch (Exception e) when (e is IOException or FormatException or ArgumentException)
        {
            throw new InvalidDataException("A frame that is not a message: " + e.Message, e);
        }
    }

    private static void Write(BinaryWriter writer, RunTask run)
    {
        writer.Write(run.Id);
        writer.Write(run.Run);
        writer.Write(run.Attempt);
        writer.Write(run.MaxAttempts);
        WriteText(writer, run.Name);
        writer.Write(run.Queue);
        writer.Write(run.Priority);
        WriteText(writer, run.Schedule);
        WriteTime(writer, run.Tick);
        writer.Write(run.Worker);
        WriteTime(writer, run.Deadline);
        writer.Write(run.Kind);
        WriteText(writer, run.Script);
        WriteText(writer, run.Inputs);
        writer.Write(run.MoreToCome);
        writer.Write(run.Spec.All.Count);
        foreach (var member in run.Spec.All)
        {
            writer.Write(member.Name);
            writer.Write(member.IsText);
            writer.Write(member.Value);
        }

        writer.Write(run.Hooks is not null);
        if (run.Hooks is { } hooks)
        {
            WriteText(writer, hooks.Before);
            WriteText(writer, hooks.After);
            WriteText(writer, hooks.Using);
            writer.Write(hooks.Alone);
            WriteError(writer, hooks.Error);
        }
    }

    private static RunTask ReadRun(BinaryReader reader) => new()
    {
        Id = reader.ReadInt64(),
        Run = reader.ReadInt32(),
        Attempt = reader.ReadInt32(),
        MaxAttempts = reader.ReadInt32(),
        Name = ReadText(reader),
        Queue = reader.ReadString(),
        Priority = reader.ReadInt32(),
        Schedule = ReadText(reader),
        Tick = ReadTime(reader),
        Worker = reader.ReadString(),
        Deadline = ReadTime(reader),
        Kind = reader.ReadString(),
        Script = ReadText(reader),
        Inputs = ReadText(reader),
        MoreToCome = reader.ReadBoolean(),
        Spec = ReadSpec(reader),
        Hooks = reader.ReadBoolean() ? ReadHooks(reader) : null,
    };

    private static SpecMembers ReadSpec(BinaryReader reader)
    {
        var members = new List<SpecMember>();
        for (var left = reader.ReadInt32(); left > 0; left--)
        {
            members.Add(new SpecMember(reader.ReadString(), reader.ReadBoolean(), reader.ReadString()));
        }

        return new SpecMembers(members);
    }

    private static TaskHooks ReadHooks(BinaryReader reader) => new()
    {
        Before = ReadText(reader),
        After = ReadText(reader),
        Using = ReadText(reader),
        Alone = reader.ReadBoolean(),
        Error = ReadError(reader),
    };

    private static void Write(BinaryWriter writer, TasksAdded added)
    {
        writer.Write(added.Id);
        WriteText(writer, added.Rows);
        writer.Write(added.Error is not null);
        if (added.Error is { } error)
        {
            writer.Write(error.Error);
            writer.Write(error.Message);
            writer.Write(error.TaskId ?? 0);
        }
    }

    private static TasksAdded ReadAdded(BinaryReader reader) => new()
    {
        Id = reader.ReadInt64(),
        Rows = ReadText(reader),
        Error = reader.ReadBoolean()
            ? new AddError { Error = reader.ReadString(), Message = reader.ReadString(), TaskId = reader.ReadInt64() is not 0 and var id ? id : null }
            : null,
    };

    private static void WriteError(BinaryWriter writer, ErrorDetail? error)
    {
        writer.Write(error is not null);
        if (error is not null)
        {
            writer.Write(error.Message);
            WriteText(writer, error.Type);
            WriteText(writer, error.Category);
            WriteText(writer, error.ErrorId);
            WriteText(writer, error.Target);
            WriteText(writer, error.Position);
            WriteText(writer, error.ScriptStackTrace);
            WriteText(writer, error.StackTrace);
        }
    }

    private static ErrorDetail? ReadError(BinaryReader reader) => !reader.ReadBoolean() ? null : new ErrorDetail
    {
        Message = reader.ReadString(),
        Type = ReadText(reader),
        Category = ReadText(reader),
        ErrorId = ReadText(reader),
        Target = ReadText(reader),
        Position = ReadText(reader),
        ScriptStackTrace = ReadText(reader),
        StackTrace = ReadText(reader),
    };

    private static void WriteText(BinaryWriter writer, string? text)
    {
        writer.Write(text is not null);
        if (text is not null)
        {
            writer.Write(text);
        }
    }

    private static string? ReadText(BinaryReader reader) => reader.ReadBoolean() ? reader.ReadString() : null;

    private static void WriteTime(BinaryWriter writer, DateTimeOffset? time)
    {
        writer.Write(time is not null);
        if (time is { } at)
        {
            writer.Write(at.Ticks);
            writer.Write(at.Offset.Ticks);
        }
    }

    private static DateTimeOffset? ReadTime(BinaryReader reader) =>
        reader.ReadBoolean() ? new DateTimeOffset(reader.ReadInt64(), new TimeSpan(reader.ReadInt64())) : null;
}
