using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace FreeMask.Onnx;

/// <summary>
/// ONNX Runtime as FreeMask uses it: without telemetry. The official builds send usage data by default, keep an identifier of the machine
/// under the user's cache folder, and look up the name of their collector; the switch has to be in the environment before the library
/// starts.
/// </summary>
internal static partial class OnnxRuntimeLibrary
{
    private const string Switch = "ORT_DISABLE_TELEMETRY", Off = "1";

    private static readonly Lazy<OrtEnv> Started = new(() =>
    {
        var environment = OrtEnv.Instance();
        // Builds that read no environment, such as those for Windows, go by this.
        environment.DisableTelemetryEvents();
        return environment;
    });

    /// <summary>The library's version, such as 1.31.1.</summary>
    public static string Version => Environment.GetVersionString();

    /// <summary>The one environment of the process, which every session belongs to.</summary>
    internal static OrtEnv Environment => Started.Value;

    /// <summary>Turns telemetry off; runs before any other code of this assembly, and so before ONNX Runtime.</summary>
    [ModuleInitializer]
    [SuppressMessage(
        "Usage",
        "CA2255",
        Justification = "The switch counts only before the library starts, in whatever program this assembly is part of."
    )]
    internal static void DisableTelemetry()
    {
        System.Environment.SetEnvironmentVariable(Switch, Off);
        // On Unix .NET keeps a copy of the environment for itself; native code sees only the C library's.
        if (!OperatingSystem.IsWindows()) _ = SetVariable(Switch, Off, 1);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
