using System.Text.Json;
using System.Text.RegularExpressions;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions.Kinds;

/// <summary>
/// Names and versions of packages in an order. What is refused here would be something else than a package to the
/// package system: an option, a pattern, or apt's "name-", which removes what it was told to install.
/// </summary>
internal static partial class PackageArguments
{
    public const int MaxPackages = 1_000;

    private const int MaxNameBytes = 255;
    private const string Of = "names of packages";

    /// <summary>The argument <c>packages</c> as a list of names.</summary>
    public static IReadOnlyList<string> Names(ArgumentReader reader)
    {
        var names = reader.Texts("packages", MaxPackages, MaxNameBytes, Of);
        foreach (var (index, name) in names.Index())
        {
            CheckName(reader, index, name);
        }
        return names;
    }

    /// <summary>The argument <c>packages</c>; an item is a name, or an object of name and version.</summary>
    public static IReadOnlyList<PackageToInstall> ToInstall(ArgumentReader reader)
    {
        var packages = new List<PackageToInstall>();
        foreach (var (index, item) in reader.List("packages", MaxPackages, Of).Index())
        {
            if (One(reader, index, item) is { } package)
            {
                CheckName(reader, index, package.Name);
                packages.Add(package);
            }
        }
        return packages;
    }

    /// <summary>Refuses a list that is not there or has nothing in it.</summary>
    public static void RequireSome(ArgumentReader reader)
    {
        reader.Require("packages", "a list of " + Of);
        RefuseEmpty(reader, "'packages' must name at least one package.");
    }

    public static void RefuseEmpty(ArgumentReader reader, string message)
    {
        if (reader.IsEmptyList("packages"))
        {
            reader.Refuse("packages", message);
        }
    }

    private static PackageToInstall? One(ArgumentReader reader, int index, JsonElement item)
    {
        if (item.ValueKind is not JsonValueKind.Object)
        {
            return reader.TextItem("packages", index, item, MaxNameBytes) is { } name
                ? new PackageToInstall(name, null)
                : null;
        }
        var members = item.EnumerateObject().Select(JsonText.NameOf).ToHashSet();
        var nameOf = JsonText.Of(SaltJson.Member(item, "name"));
        var version = JsonText.Of(SaltJson.Member(item, "version"));
        if (!members.SetEquals(["name", "version"]) || string.IsNullOrEmpty(nameOf) || version is null)
        {
            reader.RefuseItem("packages", index, $"Item {index} of 'packages' must be a name, or an object with the "
                + "texts 'name' and 'version' and nothing else.");
            return null;
        }
        if (!Version().IsMatch(version))
        {
            reader.RefuseItem("packages", index, $"{ArgumentReader.Show(version)} is not a version: letters, digits "
                + "and any of . + ~ : ^ _ -, with <, <=, =, >= or > before it if need be.");
        }
        return new PackageToInstall(nameOf, version);
    }

    private static void CheckName(ArgumentReader reader, int index, string name)
    {
        if (!Name().IsMatch(name))
        {
            reader.RefuseItem("packages", index, $"{ArgumentReader.Show(name)} is not the name of a package: letters, "
                + "digits and any of . + _ : @ ~ -, beginning with a letter or digit, not ending with '-'.");
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9]([A-Za-z0-9.+_:@~-]{0,253}[A-Za-z0-9.+_~])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    [GeneratedRegex(@"\A(<|<=|=|>=|>)?[A-Za-z0-9][A-Za-z0-9.+~:^_-]{0,254}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Version();
}
