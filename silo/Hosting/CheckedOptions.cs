using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace FreeMask.Silo.Hosting;

/// <summary>Options that are checked when the host starts, with messages that name the configuration key.</summary>
internal static class CheckedOptions
{
    /// <summary>Binds a section and checks its annotations.</summary>
    /// <param name="services">The services.</param>
    /// <param name="section">The section's key.</param>
    /// <param name="strict">Whether a key that the options do not know is an error.</param>
    public static OptionsBuilder<T> AddCheckedOptions<T>(this IServiceCollection services, string section, bool strict = true) where T : class
    {
        services.AddSingleton<IValidateOptions<T>>(s => new Check<T>(section, s.GetRequiredService<IConfiguration>()));
        return services.AddOptions<T>().BindConfiguration(section, o => o.ErrorOnUnknownConfiguration = strict).ValidateOnStart();
    }

    private sealed class Check<T>(string section, IConfiguration configuration) : IValidateOptions<T> where T : class
    {
        public ValidateOptionsResult Validate(string? name, T options)
        {
            var problems = new List<ValidationResult>();
            if (Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true)) return ValidateOptionsResult.Success;
            return ValidateOptionsResult.Fail(problems.SelectMany(p => p.MemberNames.Select(member => Describe($"{section}:{member}", p))));
        }

        private string Describe(string key, ValidationResult problem)
        {
            var value = configuration[key] is { } text ? $"'{text}'" : "not set";
            return $"{key} is {value}: {problem.ErrorMessage}";
        }
    }
}
