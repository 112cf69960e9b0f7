using System.Text;

namespace PgQueue;

/// <summary>A schema's name: any that PostgreSQL takes.</summary>
internal static class SchemaName
{
    public const string Default = "pgqueue";

    private const int MaxBytes = 63;

    /// <exception cref="QueueException">PostgreSQL would not take the name, or would cut it.</exception>
    public static string Check(string schema)
    {
        if (string.IsNullOrEmpty(schema) || schema.Contains('\0', StringComparison.Ordinal))
        {
            throw Invalid(schema, "it is empty or has a NUL character");
        }

        if (Encoding.UTF8.GetByteCount(schema) > MaxBytes)
        {
            throw Invalid(schema, $"it is longer than {MaxBytes} bytes");
        }

        if (schema.StartsWith("pg_", StringComparison.Ordinal) || schema == "information_schema")
        {
            throw Invalid(schema, "PostgreSQL keeps such names for itself");
        }

        return schema;
    }

    public static string Quote(string schema) => "\"" + schema.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    private static QueueException Invalid(string schema, string why) =>
        new(QueueError.InvalidArgument, $"The schema can't be named \"{schema}\": {why}. Take a name such as \"{Default}\".");
}
