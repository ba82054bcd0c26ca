using System.Reflection;
using System.Reflection.Emit;

namespace Saltern.Server.Tests.Gates;

/// <summary>
/// Which types a type uses: in its signatures and in the code of its methods, read from the compiled assembly, so that
/// neither a missing using nor a full name hides a use. Constants and nameof leave no trace there; usings show those.
/// </summary>
internal static class TypeUses
{
    private const BindingFlags Everything =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance
        | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value);

    public static IEnumerable<Type> Of(Type type) => Signatures(type)
        .Concat(type.GetMethods(Everything).SelectMany(Code))
        .Concat(type.GetConstructors(Everything).SelectMany(Code))
        .SelectMany(Unwrap)
        .Distinct();

    private static IEnumerable<Type> Signatures(Type type)
    {
        var members = type.GetFields(Everything).Select(field => field.FieldType)
            .Concat(type.GetProperties(Everything).Select(property => property.PropertyType))
            .Concat(type.GetMethods(Everything).SelectMany(Parameters))
            .Concat(type.GetConstructors(Everything).SelectMany(Parameters))
            .Concat(type.GetInterfaces());
        return type.BaseType is null ? members : members.Append(type.BaseType);
    }

    private static IEnumerable<Type> Parameters(MethodBase method)
    {
        var types = method.GetParameters().Select(parameter => parameter.ParameterType);
        return method is MethodInfo { ReturnType: var returned } ? types.Append(returned) : types;
    }

    private static IEnumerable<Type> Code(MethodBase method)
    {
        var code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        return Tokens(code).SelectMany(token => Resolve(method, token));
    }

    private static List<int> Tokens(byte[] code)
    {
        var tokens = new List<int>();
        for (var at = 0; at < code.Length;)
        {
            var value = code[at] == 0xFE ? (short)((code[at] << 8) | code[at + 1]) : code[at];
            var operation = OpCodesByValue[value];
            at += operation.Size;
            if (operation.OperandType is OperandType.InlineField or OperandType.InlineMethod
                or OperandType.InlineTok or OperandType.InlineType)
            {
                tokens.Add(BitConverter.ToInt32(code, at));
            }

            at += OperandSize(operation, code, at);
        }

        return tokens;
    }

    private static int OperandSize(OpCode operation, byte[] code, int at) => operation.OperandType switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
        _ => 4,
    };

    private static IEnumerable<Type> Resolve(MethodBase method, int token)
    {
        var typeArguments = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null;
        var methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        return method.Module.ResolveMember(token, typeArguments, methodArguments) switch
        {
            Type type => [type],
            MethodInfo called => [called.DeclaringType!, called.ReturnType, .. called.GetGenericArguments()],
            MemberInfo member => [member.DeclaringType!],
            _ => [],
        };
    }

    private static IEnumerable<Type> Unwrap(Type? type)
    {
        if (type is null || type.IsGenericParameter)
        {
            return [];
        }

        if (type.HasElementType)
        {
            return Unwrap(type.GetElementType());
        }

        return type.IsGenericType
            ? type.GetGenericArguments().SelectMany(Unwrap).Append(type.GetGenericTypeDefinition())
            : [type];
    }
}
