using System.Globalization;
using System.Text.Json;
using FreeMask.Cli.Terminal;
using FreeMask.Files;
using FreeMask.Training.Mask2Former;
using FreeMask.Vision.Datasets;

namespace FreeMask.Cli.Verbs;

/// <summary>A line of <c>metrics.jsonl</c>.</summary>
/// <param name="Step">The step after which the model was evaluated.</param>
/// <param name="MIoU">Mean over the classes that occur in labels or predictions.</param>
/// <param name="PixelAccuracy">Fraction of labeled pixels that are correct.</param>
/// <param name="Classes">IoU by class.</param>
internal sealed record ValidationLine(int Step, double MIoU, double PixelAccuracy, IReadOnlyDictionary<string, double> Classes);

/// <summary>
/// Evaluates a training periodically: a line each in <c>metrics.jsonl</c>, and the best model so far in <c>best</c>. A training that
/// continues after an interruption repeats evaluations that are not in the file.
/// </summary>
internal sealed class ValidationLog : ITrainingSnapshots
{
    private readonly string _file, _candidate;
    private readonly LabeledDataset _data;
    private readonly int _every;
    private readonly CommandContext _context;
    private readonly CancellationToken _stop;
    private readonly List<ValidationLine> _lines;

    internal ValidationLog(string folder, LabeledDataset data, int every, CommandContext context, CancellationToken stop)
    {
        if (every < 1) throw new FreeMaskException($"--validate-every is {every}; it is a number of steps, at least 1.");
        (_file, _candidate, BestFolder) = (FileOf(folder), Path.Combine(folder, ".freemask-candidate"), Path.Combine(folder, "best"));
        (_data, _every, _context, _stop) = (data, every, context, stop);
        _lines = File.Exists(_file) ? [.. File.ReadLines(_file).Where(line => line.Length > 0).Select(Parse)] : [];
    }

    internal string BestFolder { get; }

    /// <summary>Whether this training has evaluated a model before.</summary>
    internal bool HasMeasured => _lines.Count > 0;

    /// <summary>The line of the best model; of equal ones the first.</summary>
    internal ValidationLine Best => _lines.MaxBy(line => line.MIoU)!;

    internal static string FileOf(string folder) => Path.Combine(folder, "metrics.jsonl");

    /// <inheritdoc />
    public bool Wants(int step) => step % _every == 0 && _lines.TrueForAll(line => line.Step != step);

    /// <inheritdoc />
    public void Take(int step, SegmenterTrainingResult snapshot)
    {
        snapshot.Save(_candidate);
        Record(step, ValidationMeasure.Take(_candidate, _data, _stop), _candidate);
        Directory.Delete(_candidate, recursive: true);
    }

    /// <summary>Writes a line, and stores the model if it is the best.</summary>
    internal void Record(int step, ValidationMeasure measure, string model)
    {
        var line = new ValidationLine(
            step,
            double.IsNaN(measure.MIoU) ? 0 : measure.MIoU,
            double.IsNaN(measure.PixelAccuracy) ? 0 : measure.PixelAccuracy,
            measure.Classes
        );
        var isBest = _lines.TrueForAll(other => line.MIoU > other.MIoU);
        if (isBest) Keep(model);
        _lines.Add(line);

        // The model first: after an interruption in between, the training evaluates this step again.
        File.AppendAllText(_file, JsonSerializer.Serialize(line, JsonSerializerOptions.Web) + "\n");
        _context.WriteMessage(
            string.Create(
                CultureInfo.InvariantCulture,
                $"step {step}: mIoU {measure.MIoU:0.000} on {measure.Samples} images of "
                    + $"{measure.Dataset}{(isBest ? ", the best so far" : "")}"
            )
        );
    }

    private void Keep(string model)
    {
        Directory.CreateDirectory(BestFolder);
        foreach (var name in SegmenterTrainingResult.Files)
            AtomicFile.Write(Path.Combine(BestFolder, name), stream =>
            {
                using var source = File.OpenRead(Path.Combine(model, name));
                source.CopyTo(stream);
            });
    }

    private ValidationLine Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<ValidationLine>(line, JsonSerializerOptions.Web) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new FreeMaskException(
                $"{_file} has a damaged line ({e.Message}); remove that line, and what it said is measured again.",
                e
            );
        }
    }
}
