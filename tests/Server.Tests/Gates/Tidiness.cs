using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Saltern.Server.Tests.Gates;

/// <summary>The sizes and names of the style guide, each as a function from a file to what is wrong with it.</summary>
internal static partial class Tidiness
{
    private const int LongestLine = 120;
    private const int LongestFile = 500;
    private const int LongestFunction = 70;
    private const int DeepestNesting = 3;

    private static readonly string[] BannedWords =
        ["Manager", "Helper", "Helpers", "Util", "Utils", "Utility", "Processor", "Impl", "Base", "Data", "Info"];

    private static readonly string[] BannedFolders = ["Common", "Shared", "Core", "Services", "Models", "Utils"];

    public static IEnumerable<string> LongLines(SourceFile file) => file.Lines
        .Select((line, index) => (line, Number: index + 1))
        .Where(entry => entry.line.Length > LongestLine)
        .Select(entry => $"{file.Path}:{entry.Number} has {entry.line.Length} columns; {LongestLine} are allowed");

    public static IEnumerable<string> LongFiles(SourceFile file) => file.Lines.Length > LongestFile
        ? [$"{file.Path} has {file.Lines.Length} lines; {LongestFile} are allowed"]
        : [];

    public static IEnumerable<string> LongFunctions(SourceFile file) => Functions(file)
        .Where(function => function.Lines > LongestFunction)
        .Select(function => $"{file.Path}: {function.Name} has {function.Lines} lines; {LongestFunction} are allowed");

    public static IEnumerable<string> DeepFunctions(SourceFile file) => Functions(file)
        .Where(function => function.Depth > DeepestNesting)
        .Select(function => $"{file.Path}: {function.Name} nests {function.Depth} deep; {DeepestNesting} are allowed");

    public static IEnumerable<string> BannedNames(SourceFile file) =>
        from type in file.Tree.DescendantNodes().OfType<BaseTypeDeclarationSyntax>()
        from word in Words().Matches(type.Identifier.Text).Select(match => match.Value)
        where BannedWords.Contains(word)
        select $"{file.Path}: '{word}' in {type.Identifier.Text} says nothing; name what it does";

    public static IEnumerable<string> SeveralPublicTypes(SourceFile file)
    {
        var types = file.Tree.DescendantNodes().OfType<BaseTypeDeclarationSyntax>()
            .Where(type => type.Parent is BaseNamespaceDeclarationSyntax or CompilationUnitSyntax)
            .Where(type => type.Modifiers.Any(modifier => modifier.Text == "public"))
            .Select(type => type.Identifier.Text)
            .Distinct()
            .ToList();
        return types.Count > 1 ? [$"{file.Path} has several public types: {string.Join(", ", types)}"] : [];
    }

    public static IEnumerable<string> UnfinishedWork(SourceFile file) => file.Lines
        .Select((line, index) => (line, Number: index + 1))
        .Where(entry => Unfinished().IsMatch(entry.line))
        .Select(entry => $"{file.Path}:{entry.Number} puts something off: {entry.line.Trim()}");

    /// <summary>Paths of the machine somebody worked on: they exist nowhere else.</summary>
    public static IEnumerable<string> PrivatePaths(string path, string text) => PrivatePath().Matches(text)
        .Select(match => $"{path} names {match.Value}, which only the machine it was written on has");

    public static bool IsBannedFolder(string path) =>
        path.Split('/')[..^1].Any(folder => BannedFolders.Contains(folder, StringComparer.OrdinalIgnoreCase));

    public static IReadOnlyList<SourceFunction> Functions(SourceFile file) =>
    [
        .. file.Tree.DescendantNodes()
            .Where(node => node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax
                or AccessorDeclarationSyntax)
            .Where(node => node.DescendantNodes().Any(child => child is BlockSyntax or ArrowExpressionClauseSyntax))
            .Select(node => new SourceFunction(NameOf(node), LinesOf(node), DepthOf(node))),
    ];

    private static string NameOf(SyntaxNode node) => node switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        LocalFunctionStatementSyntax local => local.Identifier.Text,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
        AccessorDeclarationSyntax { Parent.Parent: PropertyDeclarationSyntax property } => property.Identifier.Text,
        _ => node.GetType().Name,
    };

    private static int LinesOf(SyntaxNode node)
    {
        var span = node.GetLocation().GetLineSpan();
        return span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
    }

    /// <summary>How many statements with a body stand inside each other; an else-if chain counts once.</summary>
    private static int DepthOf(SyntaxNode function) => function.DescendantNodes()
        .Where(IsNesting)
        .Select(node => node.AncestorsAndSelf().TakeWhile(ancestor => ancestor != function).Count(IsNesting))
        .DefaultIfEmpty(0)
        .Max();

    private static bool IsNesting(SyntaxNode node) => node switch
    {
        IfStatementSyntax { Parent: ElseClauseSyntax } => false,
        IfStatementSyntax or CommonForEachStatementSyntax or ForStatementSyntax or WhileStatementSyntax
            or DoStatementSyntax or SwitchStatementSyntax or TryStatementSyntax or LockStatementSyntax => true,
        UsingStatementSyntax => true,
        _ => false,
    };

    [GeneratedRegex("[A-Z]+(?![a-z])|[A-Z][a-z0-9]*")]
    private static partial Regex Words();

    [GeneratedRegex(@"(?<![\w./-])/(work|home/\w+|Users/\w+)/[\w./-]*")]
    private static partial Regex PrivatePath();

    [GeneratedRegex(@"//.*\b(TODO|FIXME|HACK|XXX)\b|\bNotImplementedException\b")]
    private static partial Regex Unfinished();
}
