namespace Saltern.Server.Web.Schedule;

/// <summary>What the form says and asks for one kind of action. What is allowed is decided by the kind alone.</summary>
public sealed record KindForm(string Kind, string Says, IReadOnlyList<FormField> Fields)
{
    private static readonly FormField PackagesToUpdate = new(
        "packages", "Packages", FieldShape.Words, "Names, between spaces or on lines. Empty: all that are installed.");

    private static readonly Dictionary<string, KindForm> Known = new KindForm[]
    {
        new("ping", "Asks each minion whether it answers. Changes nothing.", []),
        new("state.apply", "Brings minions into the state that sls files describe.",
        [
            new("states", "States", FieldShape.Words, "Names of sls, between spaces or commas. Empty: the highstate.",
                "web.nginx base.users"),
            new("pillar", "Pillar", FieldShape.Json, "A JSON object that overrides pillar for this run.",
                """{"version": "1.2"}"""),
            new("test", "Only say what would change (test=True)", FieldShape.Tick),
        ]),
        new("script.run", "Runs a script. Its exit code decides; 0 is completed.",
        [
            new("script", "Script", FieldShape.Script, "The first line may name an interpreter; /bin/sh otherwise.",
                "#!/bin/bash\nuptime"),
            new("interpreter", "Interpreter", FieldShape.Line, "Name or path without options.", "/bin/bash"),
            new("user", "User", FieldShape.Line, "Whom it runs as. Empty: as the minion does, mostly root.", "deploy"),
            new("timeoutSeconds", "Time-out (seconds)", FieldShape.Number, "Empty: 600.", "600"),
            new("arguments", "Arguments", FieldShape.Lines, "One on each line."),
        ]),
        new("package.install", "Installs packages.",
        [
            new("packages", "Packages", FieldShape.Packages,
                "Names, one on each line or between spaces; name=version for one version.", "nginx\ncurl=8.6.0"),
            new("refresh", "Read the repositories anew first", FieldShape.TickedTick),
        ]),
        new("package.remove", "Removes packages.",
            [new("packages", "Packages", FieldShape.Words, "Names, between spaces or on lines.", "telnet")]),
        new("package.update", "Brings packages to their newest version.", [PackagesToUpdate]),
        new("package.refresh", "Reads the repositories anew. Changes no package.", []),
        new("hardware.refresh", "Reads the grains anew: system, kernel, addresses, hardware.", []),
        new("products.refresh", "Reads which products are installed (zypper).", []),
        new("repositories.refresh", "Reads which repositories are set up.", []),
        new("servicepack.migrate", "Migrates to a service pack, or tries what would happen (zypper dup).",
        [
            new("target", "Target", FieldShape.Line,
                "Id of the base product to go to, as 'saltern servicepack targets' shows it.", "2609"),
            new("dryRun", "Only try what would happen", FieldShape.TickedTick),
            new("channels", "Optional channels", FieldShape.Words, "Labels, between spaces or on lines."),
            new("removeLimit", "Most packages removed", FieldShape.Number, "More fail it. Empty: any number.", "5"),
            new("forbidRemoval", "Never removed", FieldShape.Words, "Names, with wildcards.", "kernel*"),
            new("agreeToLicences", "Agree to licences", FieldShape.Tick),
            new("removeExtensions", "Extensions without a successor may go", FieldShape.Tick),
            new("disableForeign", "Repositories of others go off", FieldShape.Tick),
            new("requireDryRunDays", "A dry run must have passed (days)", FieldShape.Number, "Empty: none.", "14"),
            new("rebootAfter", "Restart after a real run", FieldShape.Tick),
        ]),
        new("channels.apply", "Makes the channels on record the minion's repositories.", []),
        new("system.reboot", "Restarts the system a minute after pick-up. Completed once its boot id differs.", []),
        new("salt.call", "Runs any function of Salt.",
        [
            new("function", "Function", FieldShape.Line, "Module and function.", "service.restart"),
            new("args", "Positional arguments", FieldShape.Json, "A JSON list.", """["nginx"]"""),
            new("kwargs", "Named arguments", FieldShape.Json, "A JSON object.", """{"timeout": 30}"""),
            new("safeToRepeat", "Safe to run twice: may be sent again by itself", FieldShape.Tick),
            new("falseIsAnAnswer", "It asks a question: false is an answer and no failure", FieldShape.Tick),
        ]),
    }.ToDictionary(form => form.Kind);

    /// <summary>The form for a kind; one that this page does not know takes its arguments as JSON.</summary>
    public static KindForm Of(string kind) => Known.GetValueOrDefault(kind)
        ?? new KindForm(kind, "", [new("", "Arguments", FieldShape.Json, "A JSON object.")]);
}
