using System.Text.Encodings.Web;
using System.Text.Json;
using FreeMask.Imaging;

namespace FreeMask.Vision.Export;

/// <summary>An image of a COCO file.</summary>
/// <param name="Id">Its number, from 1: pycocotools takes 0 for "none".</param>
/// <param name="File">Its file name.</param>
/// <param name="Width">In pixels.</param>
/// <param name="Height">In pixels.</param>
internal sealed record CocoImageEntry(int Id, string File, int Width, int Height);

/// <summary>What the annotation files of COCO have in common: object instances and panoptic segmentation.</summary>
internal static class CocoJson
{
    /// <summary>Writes a file: <c>info</c>, <c>licenses</c>, and what a format adds.</summary>
    /// <param name="path">The file.</param>
    /// <param name="title">The title of the data set.</param>
    /// <param name="write">Writes the other members.</param>
    public static void WriteFile(string path, string title, Action<Utf8JsonWriter> write)
    {
        using var stream = File.Create(path);
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteStartObject("info");
        json.WriteString("description", title);
        json.WriteEndObject();
        json.WriteStartArray("licenses");
        json.WriteEndArray();
        write(json);
        json.WriteEndObject();
    }

    /// <summary>Writes <c>images</c>.</summary>
    public static void WriteImages(Utf8JsonWriter json, IEnumerable<CocoImageEntry> images) => WriteObjects(json, "images", images, image =>
    {
        json.WriteNumber("id", image.Id);
        json.WriteString("file_name", image.File);
        json.WriteNumber("width", image.Width);
        json.WriteNumber("height", image.Height);
    });

    /// <summary>Writes <c>categories</c>: the classes without background, under their values.</summary>
    /// <param name="json">The file.</param>
    /// <param name="labels">The classes.</param>
    /// <param name="write">Writes further members of a category; null for none.</param>
    public static void WriteCategories(Utf8JsonWriter json, LabelSet labels, Action<LabelClass>? write = null) =>
        WriteObjects(json, "categories", labels.Classes, item =>
        {
            json.WriteNumber("id", item.Value);
            json.WriteString("name", item.Name);
            json.WriteString("supercategory", "object");
            write?.Invoke(item);
        });

    /// <summary>Writes an array of objects.</summary>
    public static void WriteObjects<T>(Utf8JsonWriter json, string name, IEnumerable<T> items, Action<T> write)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            json.WriteStartObject();
            write(item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Writes an array of numbers.</summary>
    public static void WriteNumbers(Utf8JsonWriter json, string name, params ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers) json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    /// <summary>Writes <c>bbox</c>: x, y, width and height in pixels.</summary>
    public static void WriteBox(Utf8JsonWriter json, BoundingBox box) =>
        WriteNumbers(json, "bbox", (long)box.X, (long)box.Y, (long)box.Width, (long)box.Height);
}
