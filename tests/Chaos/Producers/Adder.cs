namespace PgQueue.Chaos;

/// <summary>Adds tasks as a careful caller does, and keeps book of what was accepted.</summary>
internal sealed class Adder(QueueClient client, Book book, Breaches breaches)
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(150);

    public Book Book => book;

    /// <summary>One try, for tasks that nobody can ask for later.</summary>
    /// <returns>The ids; none where the answer was lost.</returns>
    public async Task<IReadOnlyList<long>> AddAsync(IReadOnlyList<NewTask> tasks, Booking booking, CancellationToken stop)
    {
        try
        {
            var added = await client.AddAsync(tasks, null, CancellationToken.None);
            foreach (var task in added)
            {
                book.Accept(task.Id, booking);
            }

            return [.. added.Select(t => t.Id)];
        }
        catch (QueueException e) when (e.IsTransient)
        {
            book.CountUnsure();
        }
        catch (QueueException e)
        {
            breaches.Add("adding fails only while the server is away", e.ToString());
        }

        await Task.Delay(Again, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return [];
    }

    /// <summary>As often as it takes: by its client id the task is known to be there.</summary>
    public async Task<long?> AddSurelyAsync(NewTask wanted, Booking booking)
    {
        var task = wanted with { ClientId = Guid.NewGuid().ToString("N") };
        while (true)
        {
            try
            {
                return Accepted((await client.AddAsync(task, CancellationToken.None)).Id);
            }
            catch (QueueException e) when (e is { Error: QueueError.DuplicateClientId, TaskId: not null })
            {
                book.CountProven();
                return Accepted(e.TaskId!.Value);
            }
            catch (QueueException e) when (e.IsTransient)
            {
                await Task.Delay(Again);
            }
            catch (QueueException e)
            {
                breaches.Add("adding fails only while the server is away", e.ToString());
                return null;
            }
        }

        long Accepted(long id)
        {
            book.Accept(id, booking);
            return id;
        }
    }

    public async Task CancelAsync(long id)
    {
        book.Cancel(id);
        try
        {
            await client.CancelAsync([id], "The chaos run changed its mind.");
        }
        catch (QueueException e) when (e.IsTransient)
        {
            // Then it is not canceled, or it is: both are right.
        }
    }
}
