using Microsoft.Extensions.Options;

namespace FreeMask.Hosting.Configuration;

/// <summary>Configuration errors that keep a host from starting.</summary>
internal static class ConfigurationProblems
{
    /// <summary>One line for each error; null if the configuration is not the cause.</summary>
    public static IEnumerable<string>? Of(Exception exception) => exception switch
    {
        FreeMaskException => [exception.Message],
        OptionsValidationException invalid => invalid.Failures,
        Orleans.Runtime.OrleansConfigurationException => [exception.Message],
        FileNotFoundException or InvalidDataException => [exception.Message],
        // The binder names the key that it could not read.
        InvalidOperationException
                when exception.Source?.StartsWith("Microsoft.Extensions.Configuration", StringComparison.Ordinal) == true =>
            [
                exception.InnerException is { } inner ? $"{exception.Message} {inner.Message}" : exception.Message,
            ],
        AggregateException { InnerExceptions: [var only] } => Of(only),
        _ => null,
    };
}
