namespace PgQueue.Protocol;

/// <summary>
/// The environment variables by which a worker and its children know each other. <see cref="Mark"/> stays set in
/// everything that the child starts: by it the whole tree is found and ended when the worker dies.
/// </summary>
internal static class ChildEnvironment
{
    /// <summary>Path of the worker's Unix domain socket. A child takes it out of its environment before it runs its task.</summary>
    public const string Socket = "PGQUEUE_CHILD_SOCKET";

    /// <summary>The child's one-time token. Taken out of the environment like <see cref="Socket"/>.</summary>
    public const string Token = "PGQUEUE_CHILD_TOKEN";

    /// <summary>The worker's unique mark, a slash and the child's number: <c>3f…9a/17</c>.</summary>
    public const string Mark = "PGQUEUE_CHILD";

    /// <summary>Names of variables, with semicolons between, that are for the child's start only: it takes them out too.</summary>
    public const string Drop = "PGQUEUE_CHILD_DROP";
}
