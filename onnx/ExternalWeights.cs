using FreeMask.Files;
using FreeMask.Onnx.Proto;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;

namespace FreeMask.Onnx;

/// <summary>
/// Opens models whose weights lie in files beside them. ONNX Runtime refuses weights that a link brings from another folder ("escapes model
/// directory"), as a Hugging Face cache has them: snapshots of links into a folder of blobs. Such a model is handed over from memory, with
/// the names that its weights' files really have.
/// </summary>
internal static class ExternalWeights
{
    private const uint GraphOfModel = (7 << 3) | LengthDelimited, InitializerOfGraph = (5 << 3) | LengthDelimited, LengthDelimited = 2;
    private const int SizeOfFields = 10;

    /// <summary>Opens a model.</summary>
    /// <param name="graph">The model, whose weights were found to be there.</param>
    /// <param name="settings">How to run it.</param>
    /// <param name="appendix">What is added to it; empty for nothing.</param>
    /// <exception cref="FreeMaskException">It would have to be read into memory, and is too large.</exception>
    internal static InferenceSession Open(OnnxGraph graph, SessionOptions settings, ReadOnlyMemory<byte> appendix)
    {
        var path = graph.Path;
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var real = graph.ExternalFiles.ToDictionary(name => name, name => RealPath.Of(Path.Combine(folder, name)), StringComparer.Ordinal);
        var realFolder = RealPath.Of(folder);
        var moved = real.Any(file => file.Value != Path.GetFullPath(file.Key, realFolder));
        if (!moved && appendix.IsEmpty) return new InferenceSession(path, settings);

        var model = ReadAll(path, appendix.Span);
        if (moved)
        {
            realFolder = CommonFolder(real.Values);
            model = Rename(
                model,
                real.ToDictionary(
                    file => file.Key,
                    file => Path.GetRelativePath(realFolder, file.Value).Replace('\\', '/'),
                    StringComparer.Ordinal
                )
            );
        }

        settings.AddSessionConfigEntry("session.model_external_initializers_file_folder_path", realFolder);
        return new InferenceSession(model, settings);
    }

    /// <summary>Gives the files of weights other names in the bytes of a model.</summary>
    internal static byte[] Rename(byte[] model, IReadOnlyDictionary<string, string> names) =>
        Rewrite(model, GraphOfModel, graph => Rewrite(graph, InitializerOfGraph, weight => RenameOne(weight, names)));

    /// <summary>Copies a message, but for the fields of one tag, whose bytes are made anew.</summary>
    private static byte[] Rewrite(byte[] message, uint tag, Func<byte[], byte[]> make)
    {
        using var result = new MemoryStream(message.Length);
        var output = new CodedOutputStream(result, leaveOpen: true);
        var input = new CodedInputStream(message);
        while (!input.IsAtEnd)
        {
            var start = (int)input.Position;
            if (input.ReadTag() == tag)
            {
                output.WriteTag(tag);
                output.WriteBytes(UnsafeByteOperations.UnsafeWrap(make(input.ReadBytes().ToByteArray())));
                continue;
            }

            // Groups and unknown wire types are not in ONNX files; SkipLastField refuses them.
            input.SkipLastField();
            output.Flush();
            result.Write(message, start, (int)input.Position - start);
        }

        output.Flush();
        return result.ToArray();
    }

    private static byte[] RenameOne(byte[] weight, IReadOnlyDictionary<string, string> names)
    {
        // Weights inside of the file stay as they are; most bytes of a model are theirs.
        if (weight.AsSpan().IndexOf("location"u8) < 0) return weight;
        var tensor = TensorProto.Parser.ParseFrom(weight);
        foreach (var entry in tensor.ExternalData)
            if (entry.Key == "location" && names.TryGetValue(entry.Value, out var name)) entry.Value = name;
        return tensor.ToByteArray();
    }

    private static string CommonFolder(IEnumerable<string> files) =>
        files
            .Select(file => Path.GetDirectoryName(file)!)
            .Aggregate(
                (common, folder) =>
                {
                    while (
                        folder != common
                        && !folder.StartsWith(
                            Path.TrimEndingDirectorySeparator(common) + Path.DirectorySeparatorChar,
                            StringComparison.Ordinal
                        )
                        && Path.GetDirectoryName(common) is { } parent
                    )
                        common = parent;
                    return common;
                }
            );

    private static byte[] ReadAll(string path, ReadOnlySpan<byte> appendix)
    {
        using var stream = File.OpenRead(path);
        if (stream.Length + appendix.Length + SizeOfFields > Array.MaxLength)
            throw new FreeMaskException(
                $"{path} is larger than 2 GB; export it with external data (model.onnx_data or weights.pb) to capture attention."
            );
        var bytes = new byte[stream.Length + appendix.Length];
        stream.ReadExactly(bytes, 0, (int)stream.Length);
        appendix.CopyTo(bytes.AsSpan((int)stream.Length));
        return bytes;
    }
}
