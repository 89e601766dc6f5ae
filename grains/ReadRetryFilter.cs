namespace FreeMask.Grains;

/// <summary>
/// Sends a client's reading calls, those whose method is named Get..., again where a silo that is stopping rejects them. Other calls are
/// not repeated here: whether that is harmless is known only to their callers.
/// </summary>
internal sealed class ReadRetryFilter : IOutgoingGrainCallFilter
{
    /// <inheritdoc/>
    public Task Invoke(IOutgoingGrainCallContext context) =>
        context.MethodName.StartsWith("Get", StringComparison.Ordinal)
            ? RetryPolicies.ReadCall.ExecuteInGrainAsync(async () =>
            {
                await context.Invoke();
                return context;
            })
            : context.Invoke();
}
