using System.Diagnostics;

namespace PgQueue.Bench;

/// <summary>How soon the questions are answered that an admin asks first.</summary>
internal sealed class Answers(Database database)
{
    private const int Samples = 20;
    private const int Page = 100;
    private const double Most = 100;
    private const string Unit = "ms";

    /// <summary>No more samples are taken of a question once its answers have taken this long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public async Task<IReadOnlyList<Figure>> MeasureAsync(string figure, CancellationToken cancellationToken)
    {
        await using var client = QueueClient.Create(database.ConnectionString);
        var failed = new TaskQuery { States = [TaskState.Failed] };
        return
        [
            await AskAsync($"{figure}.get-task", () => ReadAsync(client, new TaskQuery(), 1, cancellationToken)),
            await AskAsync($"{figure}.get-task-first", () => ReadAsync(client, new TaskQuery { Limit = Page }, Page, cancellationToken)),
            await AskAsync($"{figure}.get-failed", () => ReadAsync(client, failed, 1, cancellationToken)),
            await AskAsync($"{figure}.get-failed-first", () => ReadAsync(client, failed with { Limit = Page }, Page, cancellationToken)),
            await MeasureAsync($"{figure}.measure", client, cancellationToken),
        ];
    }

    /// <summary>Beside the one part of it that grows with the tasks that wait, as bare SQL.</summary>
    private async Task<Figure> MeasureAsync(string figure, QueueClient client, CancellationToken cancellationToken)
    {
        const string bare = "select count(*) from (select queue, state, count(*) from pgqueue.task group by queue, state) counted";
        var (measures, counts) = (new List<double>(), new List<double>());
        for (var i = 0; i < Samples; i++)
        {
            measures.Add(await TimeAsync(figure, () => client.MeasureQueuesAsync(cancellationToken: cancellationToken)));
            counts.Add(await TimeAsync(figure, () => database.ScalarAsync<long>(bare, cancellationToken)));
        }

        var (measure, count) = (Told(figure, measures), Told($"{figure}, bare", counts));
        return Figure.OfSamples(figure, Unit, measure, "bare count of what waits", count, Goal.ValueAtMost(Most));
    }

    private static async Task<Figure> AskAsync(string figure, Func<Task> ask)
    {
        var milliseconds = new List<double>();
        for (var all = Stopwatch.StartNew(); milliseconds.Count < Samples && (milliseconds.Count == 0 || all.Elapsed < Patience);)
        {
            milliseconds.Add(await TimeAsync(figure, ask));
        }

        return Figure.Alone(figure, Unit, Told(figure, milliseconds), Goal.ValueAtMost(Most));
    }

    private static async Task<double> TimeAsync(string figure, Func<Task> ask)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            await ask();
        }
        catch (QueueException e)
        {
            Stage.Say($"{figure}: {e.Message}"); // It took too long for the client: that counts as its time.
        }

        return clock.Elapsed.TotalMilliseconds;
    }

    private static Series Told(string figure, List<double> milliseconds)
    {
        var series = new Series(milliseconds);
        Stage.Say($"{figure}: {Report.Number(series.Value)} {Unit}");
        return series;
    }

    /// <summary>Until so many rows are there: who reads all of them is served from then on.</summary>
    private static async Task ReadAsync(QueueClient client, TaskQuery query, int rows, CancellationToken cancellationToken)
    {
        await using var tasks = client.QueryAsync(query, cancellationToken).GetAsyncEnumerator(cancellationToken);
        for (var read = 0; read < rows && await tasks.MoveNextAsync(); read++)
        {
            _ = tasks.Current.Id;
        }
    }
}
