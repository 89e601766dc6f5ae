using System.Globalization;
using FreeMask.GrainInterfaces;
using FreeMask.Onnx;
using FreeMask.Training.Torch;

namespace FreeMask.Cli.Checks;

/// <summary>Whether this build and this machine have the devices that arguments name.</summary>
internal sealed class DeviceCheck : IRunCheck
{
    public string Key => "";

    public IEnumerable<RunFinding> Find(RunSpec spec, CheckedMachine machine)
    {
        foreach (var device in machine.IsCluster ? [] : machine.Devices)
        {
            var parts = device.Split(':', 2);
            if (parts.Length > 1 && !ushort.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out _))
                yield return new(Key, $"--device {device}: what follows the colon is no device's number, such as {parts[0]}:0");
            else if (Problem(parts[0]) is { } problem) yield return new(Key, $"--device {device}: {problem}");
        }

        if (machine is { IsCluster: false, TrainingDevice: { } named } && TrainingDevice.ProblemOf(named) is { } reason)
            yield return new(Key, $"--training-device {named}: {reason.TrimEnd('.')}");
    }

    private static string? Problem(string provider)
    {
        try
        {
            OnnxProviders.Require(provider);
            return null;
        }
        catch (FreeMaskException missing)
        {
            return missing.Message.TrimEnd('.');
        }
    }
}
