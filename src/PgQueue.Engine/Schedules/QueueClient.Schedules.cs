using Npgsql;
using NpgsqlTypes;

namespace PgQueue;

public sealed partial class QueueClient
{
    /// <summary>
    /// Makes a schedule, or changes the one of that name: its runs so far stay, and where its rhythm is the same, its next
    /// run too.
    /// </summary>
    /// <returns>The schedule as it stands then.</returns>
    /// <exception cref="QueueException">A setting can't be used; nothing was changed.</exception>
    public Task<ScheduleInfo> RegisterScheduleAsync(NewSchedule schedule, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        schedule.Validate();
        return Database.RunAtomicAsync(
            async connection =>
            {
                await RegisterAsync(connection, schedule, cancellationToken).ConfigureAwait(false);
                // Works out the next run, so that it need not wait for a maintainer.
                await new ScheduleFirer(Database, _ => { }).FireAsync(connection, schedule.Name, cancellationToken).ConfigureAwait(false);
                return await ReadAsync(connection, schedule.Name, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);
    }

    /// <summary>The schedules, in the order of their names, streamed.</summary>
    /// <param name="names">Those of these names, whatever their case; <c>*</c> and <c>?</c> are wildcards. All where null or empty.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public IAsyncEnumerable<ScheduleInfo> GetSchedulesAsync(IReadOnlyCollection<string>? names = null, CancellationToken cancellationToken = default) =>
        ReadAsync(
            Database.Sql("Schedules/schedules.sql"),
            [Texts(names is { Count: > 0 } ? names.Select(QuerySql.Like) : null)],
            ScheduleInfo.Read,
            cancellationToken);

    /// <summary>Forgets schedules. The tasks that they have added stay.</summary>
    /// <returns>The names of those that were there.</returns>
    public Task<IReadOnlyList<string>> UnregisterSchedulesAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken = default) =>
        ChangeSchedulesAsync("unregister_schedules", names, cancellationToken);

    /// <summary>Stops schedules until they are resumed.</summary>
    /// <returns>The names of those that are there.</returns>
    public Task<IReadOnlyList<string>> SuspendSchedulesAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken = default) =>
        ChangeSchedulesAsync("suspend_schedules", names, cancellationToken);

    /// <summary>Lets schedules go on. Their ticks since they were suspended count as missed.</summary>
    /// <returns>The names of those that are there.</returns>
    public Task<IReadOnlyList<string>> ResumeSchedulesAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken = default) =>
        ChangeSchedulesAsync("resume_schedules", names, cancellationToken);

    /// <summary>
    /// Adds a task of a schedule now, apart from its rhythm, be it suspended or not. Unless the schedule allows overlap, the
    /// task waits for the end of those it has unfinished.
    /// </summary>
    /// <exception cref="QueueException">There is no such schedule, or its task is refused.</exception>
    public async Task<AddedTask> StartScheduleAsync(string name, CancellationToken cancellationToken = default)
    {
        var added = await CallAsync(
            "select id, existing from {schema}.start_schedules($1)",
            [Texts([name])],
            row => new AddedTask(row.GetInt64(0), row.GetBoolean(1)),
            cancellationToken).ConfigureAwait(false);
        return added.Count > 0 ? added[0] : throw new QueueException(
            QueueError.ScheduleNotFound, $"There is no schedule '{name}' in the schema \"{Schema}\".");
    }

    private Task<IReadOnlyList<string>> ChangeSchedulesAsync(string function, IReadOnlyCollection<string> names, CancellationToken cancellationToken) =>
        CallAsync($"select * from {{schema}}.{function}($1)", [Texts(names)], row => row.GetString(0), cancellationToken);

    private async Task RegisterAsync(NpgsqlConnection connection, NewSchedule schedule, CancellationToken cancellationToken)
    {
        var command = Command(connection, Database.Sql("Schedules/register.sql"), [
            new() { Value = schedule.Name },
            new() { Value = NewTaskJson.Object(schedule.Task), NpgsqlDbType = NpgsqlDbType.Jsonb },
            Value(schedule.Cron, NpgsqlDbType.Text),
            Value(schedule.Every, NpgsqlDbType.Interval),
            new() { Value = schedule.TimeZone },
            new() { Value = DbWords.Of(schedule.Overlap) },
            new() { Value = DbWords.Of(schedule.Missed) },
            new() { Value = schedule.MissedLimit },
            Value(schedule.Jitter, NpgsqlDbType.Interval),
            Value(schedule.StartAt?.ToUniversalTime(), NpgsqlDbType.TimestampTz),
            Value(schedule.EndAt?.ToUniversalTime(), NpgsqlDbType.TimestampTz),
            Value(schedule.MaxRuns, NpgsqlDbType.Integer),
            Value(schedule.Active, NpgsqlDbType.Boolean),
        ]);
        await using (command.ConfigureAwait(false))
        {
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        static NpgsqlParameter Value(object? value, NpgsqlDbType type) => new() { Value = value ?? DBNull.Value, NpgsqlDbType = type };
    }

    private async Task<ScheduleInfo> ReadAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        var command = Command(connection, Database.Sql("Schedules/schedules.sql"), [Texts([QuerySql.Like(name)])]);
        await using (command.ConfigureAwait(false))
        {
            var rows = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (rows.ConfigureAwait(false))
            {
                while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    if (ScheduleInfo.Read(rows) is { } info && info.Name == name)
                    {
                        return info;
                    }
                }

                throw new InvalidOperationException($"The schedule '{name}' was registered and can't be read.");
            }
        }
    }

    private static NpgsqlParameter Texts(IEnumerable<string>? texts) => new()
    {
        Value = (object?)texts?.ToArray() ?? DBNull.Value,
        NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
    };
}
