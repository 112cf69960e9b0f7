namespace PgQueue;

/// <summary>Whose turn is next in a group.</summary>
public enum GroupOrder : long
{
    /// <summary>First in, first out: the oldest.</summary>
    Fifo,

    /// <summary>Last in, first out: the newest.</summary>
    Lifo,
}
