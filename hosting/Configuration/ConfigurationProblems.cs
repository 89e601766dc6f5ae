using Microsoft.Extensions.Options;

namespace FreeMask.Hosting.Configuration;

/// <summary>What is wrong with the configuration, where that is what keeps a host from starting.</summary>
internal static class ConfigurationProblems
{
    /// <summary>One line a mistake; null where the configuration is not to blame.</summary>
    public static IEnumerable<string>? Of(Exception exception) => exception switch
    {
        FreeMaskException => [exception.Message],
        OptionsValidationException invalid => invalid.Failures,
        Orleans.Runtime.OrleansConfigurationException => [exception.Message],
        FileNotFoundException or InvalidDataException => [exception.Message],
        // The binder says which key it could not read.
        InvalidOperationException when exception.Source?.StartsWith("Microsoft.Extensions.Configuration", StringComparison.Ordinal) == true =>
            [exception.InnerException is { } inner ? $"{exception.Message} {inner.Message}" : exception.Message],
        AggregateException { InnerExceptions: [var only] } => Of(only),
        _ => null,
    };
}
