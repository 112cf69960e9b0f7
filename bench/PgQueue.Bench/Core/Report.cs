using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace PgQueue.Bench;

/// <summary>Figures for people, or as JSON.</summary>
internal static class Report
{
    // No page will show it.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(IReadOnlyList<Figure> figures, bool json)
    {
        foreach (var figure in figures)
        {
            Console.WriteLine(json ? Json(figure) : Text(figure));
        }
    }

    /// <summary>Three digits that count, and no more than whole numbers beyond.</summary>
    public static string Number(double value) => value.ToString(
        Math.Abs(value) switch { >= 100 => "#,0", >= 10 => "0.0", >= 1 => "0.00", _ => "0.000" }, CultureInfo.InvariantCulture);

    private static string Text(Figure figure)
    {
        var line = $"{figure.Name,-18} {Number(figure.Value.Value)} {figure.Unit}{Spread(figure.Value)}";
        if (figure.ReferenceValue is not null)
        {
            line += $"; {figure.Reference}: {Number(figure.ReferenceValue.Value)}{Spread(figure.ReferenceValue)}; ratio {Number(figure.Ratio!.Value)}{Spread(figure.Ratio)}";
        }

        return figure.IsMet is { } met ? $"{line}; goal {figure.Goal}: {(met ? "met" : "MISSED")}" : line;
    }

    private static string Spread(Series series) => series.Samples.Count == 1 ? "" : $" ({Number(series.Min)}–{Number(series.Max)})";

    private static string Json(Figure figure) => JsonSerializer.Serialize(
        new Dictionary<string, object?>
        {
            ["figure"] = figure.Name,
            ["value"] = Rounded(figure.Value),
            ["unit"] = figure.Unit,
            ["reference"] = figure.Reference,
            ["reference_value"] = Rounded(figure.ReferenceValue),
            ["ratio"] = Rounded(figure.Ratio),
            ["goal"] = figure.Goal?.ToString(),
            ["met"] = figure.IsMet,
        },
        Plain);

    private static double? Rounded(Series? series) => series is null ? null : Math.Round(series.Value, 4);
}
