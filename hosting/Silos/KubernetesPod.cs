using System.Net;
using Orleans.Configuration;
using Orleans.Hosting.Kubernetes;

namespace FreeMask.Hosting.Silos;

/// <summary>
/// A silo in a pod of Kubernetes: it advertises the address of its pod, is named after it, and membership follows pods, so that the silo
/// of a deleted pod counts as dead at once. Needs the verbs <c>get</c>, <c>list</c>, <c>watch</c> and <c>patch</c> on pods of its
/// namespace.
/// </summary>
internal static class KubernetesPod
{
    private const string ApiServer = "KUBERNETES_SERVICE_HOST";

    private static readonly (string Variable, string Field)[] Identity =
    [
        (KubernetesHostingOptions.PodNameEnvironmentVariable, "metadata.name"),
        (KubernetesHostingOptions.PodNamespaceEnvironmentVariable, "metadata.namespace"),
        (KubernetesHostingOptions.PodIPEnvironmentVariable, "status.podIP"),
    ];

    /// <summary>Whether this process is in a pod: the kubelet sets the address of the API server. Elsewhere the package ends the
    /// silo.</summary>
    public static bool IsCurrent(IConfiguration configuration) => !string.IsNullOrEmpty(configuration[ApiServer]);

    /// <summary>Lets membership follow pods.</summary>
    /// <exception cref="FreeMaskException">A variable that identifies the pod is missing; the message names it.</exception>
    public static void Use(ISiloBuilder silo)
    {
        foreach (var (variable, field) in Identity)
        {
            if (string.IsNullOrEmpty(silo.Configuration[variable]))
                throw new FreeMaskException(
                    $"{variable} is not set: a silo in a pod needs it from the field {field}, as infra/kubernetes does.");
        }

        silo.UseKubernetesHosting();
        // The package keeps an address that Orleans has already chosen among those of the machine.
        if (silo.Configuration["Orleans:Endpoints:AdvertisedIPAddress"] is null)
            silo.Configure<EndpointOptions>(o => o.AdvertisedIPAddress = PodAddress(silo.Configuration));
    }

    private static IPAddress PodAddress(IConfiguration configuration)
    {
        var text = configuration[KubernetesHostingOptions.PodIPEnvironmentVariable];
        return IPAddress.TryParse(text, out var address) ? address
            : throw new FreeMaskException(
                $"{KubernetesHostingOptions.PodIPEnvironmentVariable} is '{text}', which is not an address of a pod.");
    }
}
