using System.Globalization;
using FreeMask.Tensors;
using FreeMask.Training.Mini.Scenes;
using FreeMask.Training.Mini.Text;
using FreeMask.Vision;

namespace FreeMask.Training.Mini.Stages;

/// <summary>
/// Training scenes as safetensors files, for a program that trains the bundle's networks elsewhere: <c>images</c> [n, 128, 128, 3] bytes,
/// <c>classes</c> [n] (VOC class, 0 for an empty scene) and <c>kinds</c> [n] (position in <see cref="SceneKind"/>). No mask is written:
/// none may enter the training. A file appears under its name only when it is complete. Beside them stands <c>training.safetensors</c> with
/// what the training of text encoder and U-Net needs: <c>captions</c> [21, 8, 20, 16] (token ids by class, kind and
/// template), <c>nothing</c> [16] (the empty caption), <c>alphas</c> [1000] (cumulative, of the noise schedule) and
/// <c>vocabulary</c> [2] (number of tokens, id of the end token), and <c>reference.safetensors</c> of <see cref="ReferenceNetworks"/>.
/// </summary>
internal static class SceneFiles
{
    private const int EmptyEvery = 25;

    /// <summary>The scene of an index in the series that autoencoder, text encoder and U-Net are trained on: every 25th is empty.</summary>
    internal static Scene Draw(SceneRenderer renderer, long index) =>
        index % EmptyEvery == 0 ? renderer.Empty(index) : renderer.Single(index);

    /// <summary>Renders scenes on all processors and writes them as <c>scenes-00000.safetensors</c> and so on.</summary>
    /// <param name="context">Art and seed.</param>
    /// <param name="directory">The folder, made where it is absent.</param>
    /// <param name="files">How many files.</param>
    /// <param name="perFile">Scenes in each.</param>
    /// <param name="cancellation">Stops after the current file.</param>
    internal static void Write(StageContext context, string directory, int files, int perFile, CancellationToken cancellation)
    {
        Directory.CreateDirectory(directory);
        var vocabulary = MiniVocabulary.OfCaptions();
        WriteTables(vocabulary, Path.Combine(directory, "training.safetensors"));
        var reference = Path.Combine(directory, "reference.safetensors");
        if (!File.Exists(reference)) ReferenceNetworks.Write(context, vocabulary, reference);
        for (var file = 0; file < files; file++)
        {
            cancellation.ThrowIfCancellationRequested();
            var path = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"scenes-{file:D5}.safetensors"));
            if (File.Exists(path)) continue;
            var first = (long)file * perFile;
            var images = new byte[perFile * SceneRenderer.Side * SceneRenderer.Side * 3];
            var (classes, kinds) = (new byte[perFile], new byte[perFile]);
            Parallel.For(0, perFile, i =>
            {
                var scene = Draw(context.Training, first + i);
                scene.Image.Pixels.CopyTo(images, i * scene.Image.Pixels.Length);
                (classes[i], kinds[i]) = ((byte)scene.Objects.FirstOrDefault(), (byte)scene.Kind);
            });
            new SafetensorsFile(
            [
                NamedTensor.FromBytes("images", [perFile, SceneRenderer.Side, SceneRenderer.Side, 3], images),
                NamedTensor.FromBytes("classes", [perFile], classes),
                NamedTensor.FromBytes("kinds", [perFile], kinds),
            ]).Save(path);
            context.Log($"scenes: {(file + 1) * perFile:N0}");
        }
    }

    private static void WriteTables(MiniVocabulary vocabulary, string path)
    {
        var captions = new List<long>();
        for (var classId = 0; classId < VocClasses.Names.Count; classId++)
        {
            for (var kind = 0; kind < SceneKinds.Count; kind++)
            {
                for (var template = 0; template < Captions.Templates; template++)
                    captions.AddRange(vocabulary.Encode(Captions.OfTemplate(classId, (SceneKind)kind, template)));
            }
        }

        var steps = DiffusionProcess.Schedule.Count;
        new SafetensorsFile(
        [
            NamedTensor.FromInt64s(
                "captions",
                [VocClasses.Names.Count, SceneKinds.Count, Captions.Templates, MiniVocabulary.Length],
                [.. captions]
            ),
            NamedTensor.FromInt64s("nothing", [MiniVocabulary.Length], vocabulary.Encode("")),
            NamedTensor.FromSingles("alphas", [steps], [.. Enumerable.Range(0, steps).Select(t => (float)DiffusionProcess.Schedule[t])]),
            NamedTensor.FromInt64s("vocabulary", [2], [vocabulary.Count, vocabulary.End]),
        ]).Save(path);
    }
}
