using System.ComponentModel.DataAnnotations;
using System.Reflection;
using FreeMask.Grains;
using Microsoft.Extensions.Options;

namespace FreeMask.Hosting.Configuration;

/// <summary>Options that are checked when the host starts, with messages that name the configuration key.</summary>
internal static class CheckedOptions
{
    /// <summary>Binds a section and checks its annotations.</summary>
    /// <param name="services">The services.</param>
    /// <param name="section">The section's key.</param>
    /// <param name="others">Sections within the section that are read elsewhere; any other key that is not an option is an error.</param>
    public static void AddCheckedOptions<T>(this IServiceCollection services, string section, params string[] others) where T : class
    {
        services.AddSingleton<IValidateOptions<T>>(s => new Check<T>(section, others, s.GetRequiredService<IConfiguration>()));
        services.AddOptions<T>().BindConfiguration(section).ValidateOnStart();
    }

    private sealed class Check<T>(string section, string[] others, IConfiguration configuration) : IValidateOptions<T> where T : class
    {
        public ValidateOptionsResult Validate(string? name, T options)
        {
            var problems = new List<ValidationResult>();
            Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true);
            string[] failures =
            [
                .. problems.SelectMany(p => p.MemberNames.Select(member => Describe($"{section}:{member}", p))),
                .. Unknown(),
            ];
            return failures is [] ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
        }

        private string Describe(string key, ValidationResult problem)
        {
            var value = configuration[key] is { } text ? $"'{text}'" : "not set";
            return $"{key} is {value}: {problem.ErrorMessage}";
        }

        private IEnumerable<string> Unknown()
        {
            var options = typeof(T).GetProperties().Where(p => p.CanWrite).ToList();
            var known = options.Select(p => p.Name).Concat(others).ToHashSet(StringComparer.OrdinalIgnoreCase);
            foreach (var key in configuration.GetSection(section).GetChildren().Select(c => c.Key).Where(k => !known.Contains(k)))
            {
                var renamed = options.Find(p =>
                    string.Equals(p.GetCustomAttribute<FormerNameAttribute>()?.Name, key, StringComparison.OrdinalIgnoreCase)
                );
                yield return renamed is not null
                    ? $"{section}:{key} is now named {section}:{renamed.Name}."
                    : $"{section}:{key} is not a setting; there are {string.Join(", ", known.Order(StringComparer.Ordinal))}.";
            }
        }
    }
}
