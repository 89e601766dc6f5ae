using System.Reflection;
using FreeMask.Grains;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;
using Xunit;

namespace FreeMask.Silo.Tests.Hosting;

/// <summary>A client and a silo that rejects calls as one that is stopping does.</summary>
public sealed class ReadRetryFilterTests
{
    [Fact]
    public async Task Reads_that_a_stopping_silo_rejects_are_sent_again_and_other_calls_are_not()
    {
        var rejections = new Rejections();
        var builder = new InProcessTestClusterBuilder(1);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSiloHost((_, host) => host.Services.AddSingleton<IIncomingGrainCallFilter>(rejections));
        builder.ConfigureClient(client => client.AddOutgoingGrainCallFilter<ReadRetryFilter>());
        await using var cluster = builder.Build();
        await cluster.DeployAsync(TestContext.Current.CancellationToken);
        var management = cluster.Client.GetGrain<IManagementGrain>(0);

        rejections.Left = 2;
        Assert.Single(await management.GetHosts());
        Assert.Equal(0, rejections.Left);

        rejections.Left = 1;
        await Assert.ThrowsAsync<OrleansMessageRejectionException>(() => management.ForceGarbageCollection([]));

        // More rejections than attempts: the caller learns of it.
        rejections.Left = 100;
        await Assert.ThrowsAsync<OrleansMessageRejectionException>(() => management.GetHosts());
        rejections.Left = 0;
    }

    private sealed class Rejections : IIncomingGrainCallFilter
    {
        private int _left;

        public int Left
        {
            get => Volatile.Read(ref _left);
            set => Volatile.Write(ref _left, value);
        }

        public Task Invoke(IIncomingGrainCallContext context)
        {
            if (context.InterfaceMethod?.DeclaringType != typeof(IManagementGrain) || Left == 0) return context.Invoke();
            Interlocked.Decrement(ref _left);
            // Orleans makes this exception itself and has no public constructor for it.
            const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
            throw (Exception)Activator.CreateInstance(typeof(OrleansMessageRejectionException), Any, null, ["Silo stopping"], null)!;
        }
    }
}
