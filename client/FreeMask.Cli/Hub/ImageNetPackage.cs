using System.Diagnostics;
using System.Security.Cryptography;
using FreeMask.Training.Mask2Former;

namespace FreeMask.Cli.Hub;

/// <summary>
/// Fetches ImageNet weights of a ResNet-18 in the NuGet package Microsoft.ML.DnnImageFeaturizer.ResNet18 (MIT), from the sources that NuGet
/// is configured with, by <c>dotnet restore</c>: mirrors, folders and credentials work as for any package.
/// </summary>
internal static class ImageNetPackage
{
    /// <summary>What <c>models pull</c> calls it, and the folder beside the bundles.</summary>
    internal static string Name => PublicBackbone.Default.Folder;

    /// <summary>The package.</summary>
    internal const string Id = "Microsoft.ML.DnnImageFeaturizer.ResNet18", Version = "0.23.1";

    private const int ShownLines = 3;

    private static readonly string Model = Path.Combine("tools", "DnnImageModels", "ResNet18Onnx", "ResNet18.onnx");

    /// <summary>Fetches the package and writes <c>config.json</c> and <c>model.safetensors</c>.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="write">Told what is done.</param>
    /// <param name="stop">Ends the download.</param>
    /// <exception cref="FreeMaskException">There is no .NET SDK or no such package in the sources, or it has other contents.</exception>
    internal static async Task PullAsync(string folder, Action<string> write, CancellationToken stop)
    {
        var work = Directory.CreateTempSubdirectory("freemask-");
        try
        {
            write($"Fetching {Id} {Version} (60 MB, MIT) from the NuGet sources of this machine ...");
            var project = Path.Combine(work.FullName, "fetch.csproj");
            await File.WriteAllTextAsync(
                project,
                $"""
                <Project Sdk="Microsoft.NET.Sdk">
                  <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
                  <ItemGroup><PackageDownload Include="{Id}" Version="[{Version}]" /></ItemGroup>
                </Project>
                """,
                stop
            );
            var packages = Path.Combine(work.FullName, "packages");
            await RestoreAsync(project, packages, stop);
            var onnx = Path.Combine(packages, Id.ToLowerInvariant(), Version, Model);
            await RequireContentsAsync(onnx, stop);
            ImageNetResNet18.Write(onnx, folder);
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    private static async Task RestoreAsync(string project, string packages, CancellationToken stop)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetDirectoryName(project)!,
        };
        foreach (var argument in (string[])["restore", project, "--packages", packages, "--verbosity", "quiet", "--disable-build-servers"])
            start.ArgumentList.Add(argument);
        using var process = Start(start);
        var said = Task.WhenAll(process.StandardOutput.ReadToEndAsync(stop), process.StandardError.ReadToEndAsync(stop));
        try
        {
            await process.WaitForExitAsync(stop);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        if (process.ExitCode == 0) return;
        var lines = string.Concat(await said).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        throw new FreeMaskException(
            $"{Id} {Version} could not be fetched from the NuGet sources of this machine ('dotnet nuget list source' shows them): "
                + $"{string.Join(' ', lines.Distinct().Take(ShownLines))}"
        );
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            throw new FreeMaskException(
                $"There is no 'dotnet' on the PATH, which fetches {Id} {Version}. Install the .NET SDK, or name a model folder in "
                    + "training.init.",
                missing
            );
        }
    }

    private static async Task RequireContentsAsync(string onnx, CancellationToken stop)
    {
        if (!File.Exists(onnx))
            throw new FreeMaskException($"{Id} {Version} holds no {Model}: the source has another package of this name.");
        await using var stream = File.OpenRead(onnx);
        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, stop));
        if (hash != ImageNetResNet18.Sha256)
            throw new FreeMaskException(
                $"{Model} of {Id} {Version} has the sha256 {hash} instead of {ImageNetResNet18.Sha256}: it was damaged or changed on "
                    + "the way."
            );
    }
}
