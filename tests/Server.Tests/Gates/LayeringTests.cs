using System.Reflection;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Saltern.Server.Database;

namespace Saltern.Server.Tests.Gates;

/// <summary>Arrows between slices point down the table of the style guide only.</summary>
public sealed class LayeringTests
{
    private static readonly Assembly Server = typeof(DatabaseOptions).Assembly;

    private static IEnumerable<SourceFile> ServerFiles =>
        SourceTree.CSharp.Where(file => file.Path.StartsWith("src/Server/", StringComparison.Ordinal));

    [Fact]
    public void Every_folder_of_the_server_is_a_slice_of_the_table() => Findings.AssertNone(SourceTree
        .Files(".cs", ".razor")
        .Where(path => path.StartsWith("src/Server/", StringComparison.Ordinal))
        .Select(path => path.Split('/'))
        .Where(parts => parts.Length > 3 && !SliceTable.IsKnown(parts[2]))
        .Select(parts => $"src/Server/{parts[2]} is not in the table of slices"));

    [Fact]
    public void A_namespace_is_its_folder() => Findings.AssertNone(SourceTree.CSharp.SelectMany(Misplaced));

    [Fact]
    public void Usings_point_down_the_table() => Findings.AssertNone(ServerFiles.SelectMany(ForbiddenUsings));

    [Fact]
    public void Compiled_code_points_down_the_table() =>
        Findings.AssertNone(Server.GetTypes().SelectMany(ForbiddenUses));

    [Fact]
    public void Projects_know_only_what_the_guide_allows()
    {
        Assert.Empty(Ours("Saltern.Contract"));
        Assert.Empty(Ours("Saltern.Server").Except(["Saltern.Contract"]));
        Assert.DoesNotContain("Saltern.Server", Ours("Saltern.Simulator"));
    }

    [Fact]
    public void Each_check_can_fail()
    {
        Assert.True(SliceTable.MayUse("Dispatch", "Actions"));
        Assert.False(SliceTable.MayUse("Actions", "Dispatch"));
        Assert.False(SliceTable.MayUse("Dispatch", "Results"));
        Assert.False(SliceTable.MayUse("Salt", "Actions"));
        Assert.False(SliceTable.MayUse("Salt", ""));
        Assert.False(SliceTable.IsKnown("Common"));
        Assert.NotEmpty(ForbiddenUsings(new SourceFile(
            "src/Server/Salt/A.cs", "using Saltern.Server.Actions; namespace Saltern.Server.Salt;")));
        Assert.NotEmpty(Misplaced(new SourceFile("src/Server/Salt/A.cs", "namespace Saltern.Server.Fleet;")));
    }

    [Fact]
    public void Uses_inside_methods_are_seen()
    {
        Assert.Contains(typeof(SchemaChange), TypeUses.Of(typeof(UsesInItsCode)));
        Assert.DoesNotContain(typeof(SchemaRefusedException), TypeUses.Of(typeof(UsesInItsCode)));
    }

    private static IEnumerable<string> Misplaced(SourceFile file)
    {
        var parts = file.Path.Split('/')[..^1];
        var expected = "Saltern." + string.Join('.', parts[0] == "benchmarks" ? ["Bench", .. parts[1..]] : parts[1..]);
        return file.Tree.DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>()
            .Select(declared => declared.Name.ToString())
            .Where(declared => declared != expected)
            .Select(declared => $"{file.Path} declares {declared}; its folder says {expected}");
    }

    private static IEnumerable<string> ForbiddenUsings(SourceFile file)
    {
        var parts = file.Path.Split('/');
        var from = parts.Length > 3 ? parts[2] : "";
        return file.Tree.DescendantNodes().OfType<UsingDirectiveSyntax>()
            .Select(directive => (SliceTable.SliceOf(directive.Name?.ToString()), directive))
            .Where(use => use.Item1 is { } to && !SliceTable.MayUse(from, to))
            .Select(use => $"{file.Path}: {use.directive} ({from} may not use {use.Item1})");
    }

    private static IEnumerable<string> ForbiddenUses(Type type)
    {
        var from = SliceTable.SliceOf(type.Namespace);
        return from is null ? [] : TypeUses.Of(type)
            .Where(used => used.Assembly == Server)
            .Select(used => (Slice: SliceTable.SliceOf(used.Namespace), used.FullName))
            .Where(use => use.Slice is { } to && !SliceTable.MayUse(from, to))
            .Select(use => $"{type.FullName} uses {use.FullName} ({from} may not use {use.Slice})");
    }

    private static IEnumerable<string> Ours(string assembly) => Assembly.Load(assembly)
        .GetReferencedAssemblies()
        .Select(reference => reference.Name!)
        .Where(name => name.StartsWith("Saltern", StringComparison.OrdinalIgnoreCase))
        .Order(StringComparer.Ordinal);

    private static class UsesInItsCode
    {
        public static int Count() => SchemaChange.Embedded().Count;
    }
}
