namespace FreeMask.Diffusion.Schedulers;

/// <summary>A sampler that a run file may choose.</summary>
/// <param name="Name">What the run file calls it.</param>
/// <param name="Kind">The sampler.</param>
/// <param name="Settings">Settings that the name fixes, by diffusers' names; all others come from the model.</param>
internal sealed record NamedSampler(string Name, SchedulerKind Kind, IReadOnlyDictionary<string, object> Settings);

/// <summary>The names of samplers: those of run files, and diffusers' classes.</summary>
internal static class SamplerTable
{
    private static readonly NamedSampler[] Samplers =
    [
        new("ddim", SchedulerKind.Ddim, new Dictionary<string, object>()),
        new("pndm", SchedulerKind.Pndm, new Dictionary<string, object> { ["skip_prk_steps"] = true }),
        new("euler", SchedulerKind.Euler, new Dictionary<string, object> { ["use_karras_sigmas"] = false }),
        new("euler-ancestral", SchedulerKind.EulerAncestral, new Dictionary<string, object>()),
        new("dpm++2m", SchedulerKind.DpmSolverMultistep, DpmSolver(karras: false)),
        new("dpm++2m-karras", SchedulerKind.DpmSolverMultistep, DpmSolver(karras: true)),
        new("lcm", SchedulerKind.Lcm, new Dictionary<string, object>()),
        new(
            "unipc",
            SchedulerKind.UniPc,
            new Dictionary<string, object>
            {
                ["solver_order"] = 2,
                ["solver_type"] = "bh2",
                ["predict_x0"] = true,
                ["use_karras_sigmas"] = false,
            }
        ),
        new(
            "deis",
            SchedulerKind.Deis,
            new Dictionary<string, object>
            {
                ["algorithm_type"] = "deis",
                ["solver_order"] = 2,
                ["solver_type"] = "logrho",
                ["use_karras_sigmas"] = false,
            }
        ),
        new("heun", SchedulerKind.Heun, new Dictionary<string, object> { ["use_karras_sigmas"] = false }),
        new("lms", SchedulerKind.Lms, new Dictionary<string, object> { ["use_karras_sigmas"] = false }),
        new("tcd", SchedulerKind.Tcd, new Dictionary<string, object>()),
    ];

    private static readonly Dictionary<string, SchedulerKind> Classes = new(StringComparer.Ordinal)
    {
        ["DDIMScheduler"] = SchedulerKind.Ddim,
        ["PNDMScheduler"] = SchedulerKind.Pndm,
        ["EulerDiscreteScheduler"] = SchedulerKind.Euler,
        ["EulerAncestralDiscreteScheduler"] = SchedulerKind.EulerAncestral,
        ["DPMSolverMultistepScheduler"] = SchedulerKind.DpmSolverMultistep,
        ["LCMScheduler"] = SchedulerKind.Lcm,
        ["UniPCMultistepScheduler"] = SchedulerKind.UniPc,
        ["DEISMultistepScheduler"] = SchedulerKind.Deis,
        ["HeunDiscreteScheduler"] = SchedulerKind.Heun,
        ["LMSDiscreteScheduler"] = SchedulerKind.Lms,
        ["TCDScheduler"] = SchedulerKind.Tcd,
    };

    /// <summary>The names that a run file may use.</summary>
    internal static IReadOnlyList<string> Names { get; } = [.. Samplers.Select(sampler => sampler.Name)];

    internal static SchedulerKind? ByClass(string className) => Classes.TryGetValue(className, out var kind) ? kind : null;

    internal static NamedSampler ByName(string name) => Array.Find(Samplers, sampler => sampler.Name == name)
        ?? throw new FreeMaskException($"There is no sampler '{name}'; there are {string.Join(", ", Names)}.");

    // The name states order and form.
    private static Dictionary<string, object> DpmSolver(bool karras) => new()
    {
        ["algorithm_type"] = "dpmsolver++",
        ["solver_order"] = 2,
        ["solver_type"] = "midpoint",
        ["use_karras_sigmas"] = karras,
    };
}
