using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Saltern.Server.Tests.Gates;

internal sealed record SourceFile(string Path, string Text)
{
    private readonly Lazy<SyntaxNode> tree = new(() => CSharpSyntaxTree.ParseText(Text).GetRoot());

    public SyntaxNode Tree => tree.Value;

    public string[] Lines { get; } = Text.TrimEnd('\n').Split('\n');
}
