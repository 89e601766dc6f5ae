using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Text;
using FreeMask.Training.Torch;

namespace FreeMask.Pipeline;

/// <summary>
/// Identifies the arithmetic of this machine: libtorch and ONNX Runtime choose kernels by processor and instruction set, and kernels of
/// other versions sum in another order. With equal texts the same run file gives the same bytes; the number of cores has no influence.
/// </summary>
internal static class MachineArithmetic
{
    // Environment variables with which these libraries choose other kernels.
    private static readonly string[] Overrides =
    [
        "ATEN_CPU_CAPABILITY",
        "ONEDNN_MAX_CPU_ISA",
        "DNNL_MAX_CPU_ISA",
        "MKL_ENABLE_INSTRUCTIONS",
        "MKL_CBWR",
    ];

    /// <summary>Such as <c>x64 AuthenticAMD-26-2-1 v512, libtorch 2.10.0, onnxruntime 1.31.1</c>.</summary>
    /// <param name="training">Where segmenters are trained; named unless it is the processor.</param>
    public static string Describe(TrainingDevice training)
    {
        var parts = new List<string>
        {
            $"{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()} {Processor()} v{VectorBits()}",
            $"libtorch {PackageVersion("libtorch")}",
            $"onnxruntime {PackageVersion("onnxruntime")}",
        };
        if (!training.IsProcessor) parts.Add($"training on {training.Kind}");
        parts.AddRange(
            Overrides
                .Where(name => Environment.GetEnvironmentVariable(name) is { Length: > 0 })
                .Select(name => $"{name}={Environment.GetEnvironmentVariable(name)}")
        );
        return string.Join(", ", parts);
    }

    /// <summary>Vendor, family, model and stepping of the processor (CPUID leaves 0 and 1; AMD64 Architecture Programmer's Manual, volume
    /// 3, appendix E).</summary>
    private static string Processor()
    {
        if (!X86Base.IsSupported) return "processor";
        var (_, b, c, d) = X86Base.CpuId(0, 0);
        var vendor = Encoding.ASCII.GetString([.. BitConverter.GetBytes(b), .. BitConverter.GetBytes(d), .. BitConverter.GetBytes(c)]);
        var (signature, _, _, _) = X86Base.CpuId(1, 0);
        var (family, model, stepping) = ((signature >> 8) & 0xf, (signature >> 4) & 0xf, signature & 0xf);
        if (family is 6 or 15) model += ((signature >> 16) & 0xf) << 4;
        if (family == 15) family += (signature >> 20) & 0xff;
        return string.Create(CultureInfo.InvariantCulture, $"{vendor}-{family}-{model}-{stepping}");
    }

    private static int VectorBits() => Avx512F.IsSupported ? 512 : Avx2.IsSupported ? 256 : Vector128.IsHardwareAccelerated ? 128 : 64;

    /// <summary>The version of a native package as the project file states it (<c>FreeMask.Pipeline.csproj</c>).</summary>
    private static string PackageVersion(string name) => typeof(MachineArithmetic).Assembly.GetCustomAttributes(false)
        .OfType<System.Reflection.AssemblyMetadataAttribute>().FirstOrDefault(a => a.Key == name)?.Value ?? "unknown";
}
