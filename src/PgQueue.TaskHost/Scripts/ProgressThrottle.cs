using System.Management.Automation;

namespace PgQueue.TaskHost.Scripts;

/// <summary>
/// Lets each activity's progress through five times a second at most. The latest record is never lost: it follows
/// when its time has come, at the latest at the script's end; one that completes goes at once.
/// </summary>
internal sealed class ProgressThrottle : IDisposable
{
    private const int IntervalMilliseconds = 200;

    private readonly Action<ProgressRecord> send;
    private readonly Dictionary<int, Activity> activities = [];
    private readonly Lock gate = new();
    private Timer? timer;

    public ProgressThrottle(Action<ProgressRecord> send) => this.send = send;

    public void Add(ProgressRecord record)
    {
        lock (gate)
        {
            var now = Environment.TickCount64;
            activities.TryGetValue(record.ActivityId, out var activity);
            if (record.RecordType == ProgressRecordType.Completed)
            {
                activities.Remove(record.ActivityId);
                if (activity?.Waiting is { } last)
                {
                    send(last);
                }
            }
            else if (activity is not null && now - activity.SentAt < IntervalMilliseconds)
            {
                activity.Waiting = record;
                timer ??= new Timer(_ => Flush(Environment.TickCount64), null, IntervalMilliseconds, IntervalMilliseconds);
                return;
            }
            else
            {
                activities[record.ActivityId] = new Activity { SentAt = now };
            }

            send(record);
        }
    }

    public void Dispose()
    {
        timer?.Dispose();
        Flush(long.MaxValue);
    }

    private void Flush(long now)
    {
        lock (gate)
        {
            foreach (var activity in activities.Values)
            {
                if (activity.Waiting is { } record && now - activity.SentAt >= IntervalMilliseconds)
                {
                    activity.Waiting = null;
                    activity.SentAt = now;
                    send(record);
                }
            }
        }
    }

    private sealed class Activity
    {
        public long SentAt { get; set; }

        public ProgressRecord? Waiting { get; set; }
    }
}
