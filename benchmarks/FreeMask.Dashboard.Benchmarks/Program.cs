using System.Globalization;
using FreeMask.Dashboard.Benchmarks;

const string Usage = """
    What the dashboard costs beside a run whose stages do nothing; see docs/performance.md.
    Chromium is FREEMASK_CHROMIUM or /usr/bin/chromium.

      page SAMPLES CHANGES              first paint, filter, age of changes and memory of a page
      rate SAMPLES CHANGES REPETITIONS  the pipeline's rate with two browsers open and with none, alternating
      watch MINUTES SAMPLES CHANGES FILE   memory of the dashboard's server, a line a minute in FILE
      pipeline FOLDER SAMPLES CHANGES   the run alone; the others start it

    CHANGES is how many samples change their state in a second, 0 for as many as the machine can do. Every sample changes it five times.
    """;

int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
switch (args)
{
    case ["pipeline", var folder, var samples, var changes]:
        await PipelineProgram.RunAsync(folder, Number(samples), Number(changes));
        return 0;
    case ["page", var samples, var changes]:
        await PageMeasures.RunAsync(Number(samples), Number(changes), Console.Out);
        return 0;
    case ["rate", var samples, var changes, var repetitions]:
        await RateMeasures.RunAsync(Number(samples), Number(changes), Number(repetitions), Console.Out);
        return 0;
    case ["watch", var minutes, var samples, var changes, var file]:
        await WatchMeasures.RunAsync(Number(minutes), Number(samples), Number(changes), file, Console.Out);
        return 0;
    default:
        await Console.Error.WriteLineAsync(Usage);
        return 2;
}
