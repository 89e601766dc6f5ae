using System.Globalization;

namespace FreeMask.Trainer.TestHost;

/// <summary>What the program does wrong.</summary>
internal sealed record StandInOptions
{
    /// <summary>The job file: the last argument.</summary>
    public required string Job { get; init; }

    /// <summary><c>kill</c> (SIGKILL), <c>exit</c> (code 3, with a line on standard error) or <c>hold</c> (no further message).</summary>
    public string? Fault { get; init; }

    /// <summary>The step before which it happens.</summary>
    public int At { get; init; }

    /// <summary>The file without which the fault happens, and which it leaves; null for a fault in every process.</summary>
    public string? Once { get; init; }

    /// <summary>What is wrong with the model: <c>none</c>, <c>empty</c>, <c>classes</c>, <c>shapes</c> or <c>nan</c>.</summary>
    public string Result { get; init; } = "none";

    /// <summary>The file that gets a line when a process starts and stops; null for none.</summary>
    public string? Journal { get; init; }

    internal static StandInOptions Parse(string[] arguments)
    {
        var options = new StandInOptions { Job = arguments[^1] };
        for (var i = 0; i + 1 < arguments.Length; i += 2)
        {
            var value = arguments[i + 1];
            options = arguments[i] switch
            {
                "--fault" => options with { Fault = value },
                "--at" => options with { At = int.Parse(value, CultureInfo.InvariantCulture) },
                "--once" => options with { Once = value },
                "--result" => options with { Result = value },
                "--journal" => options with { Journal = value },
                var other => throw new ArgumentException($"'{other}' is no option."),
            };
        }

        return options;
    }
}
