using System.Text.Json.Nodes;
using Saltern.Simulator.Functions;
using Saltern.Simulator.Minions;

namespace Saltern.Simulator.Software;

/// <summary>
/// Brings a run to its end, as the worker that the real module starts: done once for its run_id, and without need of
/// the minion's process. Called with the fleet's lock.
/// </summary>
internal static class DupWorker
{
    public static DupRun? Find(FunctionCall call, string runId) =>
        call.State.Software?.Runs.GetValueOrDefault(runId);

    /// <summary>Begins the run unless it has been; a call that finds it already there only asks for it.</summary>
    public static void Begin(FunctionCall call, DupOrder order, DateTimeOffset endsAt)
    {
        MinionSoftware software = call.Fleet.OwnSoftwareOf(call.Minion);
        DupRun? known = software.Runs.GetValueOrDefault(order.RunId);
        if (known is not null && (known.Order.Text != order.Text || !known.IsDead))
        {
            known.TimesAsked++;
            return;
        }

        software.Runs[order.RunId] = new DupRun(order, call)
        {
            Outcome = software.Dup.OutcomeOf(order.DryRun),
            IsTransactional = software.Dup.OutcomeOf(order.DryRun) == DupOutcome.Transactional,
            Setting = software.Dup,
            PackagesBefore = call.State.Packages is { } packages ? new(packages, StringComparer.Ordinal) : null,
            StartedAt = call.StartedAt,
            EndsAt = endsAt,
            TimesBegun = (known?.TimesBegun ?? 0) + 1,
            TimesAsked = (known?.TimesAsked ?? 0) + 1,
        };
    }

    /// <summary>Ends the run if it has not ended.</summary>
    public static void Settle(FunctionCall call, DupRun run)
    {
        if (!run.GoesOn)
        {
            return;
        }

        if (run.Order.DryRun && run.Outcome is (DupOutcome.Interrupted or DupOutcome.InterruptedUnchanged))
        {
            run.IsDead = true;
            return;
        }

        JsonObject result = DupResult.Empty(run);
        Work(call, run, result);
        if (!run.Order.DryRun)
        {
            JsonObject changes = DupResult.Changes(
                Distribution.Of(call.Minion), run.PackagesBefore,
                (string?)result["outcome"] == "succeeded" && run.IsTransactional
                    ? call.State.Software!.NextBoot!.Value.Packages
                    : call.State.Packages);
            run.Changed = changes.Count > 0;
            bool isTold = IsTold(run, (string?)result["reason"]);
            result["changed"] = isTold ? run.Changed : null;
            result["changes"] = isTold ? changes : new JsonObject();
        }

        run.Result = result;
    }

    // What a transaction that broke off changed would be there after the next boot only; and rpm may have failed.
    private static bool IsTold(DupRun run, string? reason) => (run.Outcome, reason) is not (
        (DupOutcome.Untold or DupOutcome.UntoldUnchanged, "packages"))
        && !(run.IsTransactional && reason == "interrupted");

    private static void Work(FunctionCall call, DupRun run, JsonObject result)
    {
        if (run.Outcome == DupOutcome.Signature)
        {
            string channel = run.Order.Channels is [{ } signed, ..] ? signed.Label : "";
            string refused = $"Repository '{channel}' is signed with a key that is not known here: "
                + "Example <build@example.com> 0123456789ABCDEF0123456789ABCDEF01234567.";
            Fail(result, "signature", refused, 106, "a repository could not be reached and was left out");
            return;
        }

        if (run.Outcome == DupOutcome.RepositoryUnreachable)
        {
            const string Comment = "A repository could not be reached; without it a plan means nothing.";
            Fail(result, "repository_unreachable", Comment, 106, "a repository could not be reached and was left out");
            return;
        }

        if (run.Outcome == DupOutcome.Conflict)
        {
            Conflict(result);
            return;
        }

        DupPlan plan = DupPlan.Of(call, run);
        string repository = run.Order.Channels is [{ } first, ..] ? first.Alias : "";
        bool changesVendor = run.Outcome == DupOutcome.VendorChange && !run.Order.ForbidsVendorChange;
        bool idle = plan.IsEmpty || run.Outcome == DupOutcome.NothingToDo;
        if (!idle)
        {
            DupResult.PutPlan(result, plan.Wire(repository, changesVendor));
        }

        if (idle)
        {
            DupResult.Finish(result, "nothing_to_do", "Nothing to do.", 0, "no error");
        }
        else if (TooMuchRemoved(plan, run.Order) is { } refusal)
        {
            Fail(result, "removal_limit", refusal, 0, "no error");
        }
        else if (run.Order.DryRun)
        {
            DupResult.Finish(
                result, "succeeded", $"Would succeed: {DupResult.InWords(result)}.", 0, "no error");
        }
        else
        {
            Change(call, run, plan, result);
        }
    }

    private static void Change(FunctionCall call, DupRun run, DupPlan plan, JsonObject result)
    {
        if (run.Order.Snapshots)
        {
            result["snapshots"] = new JsonObject { ["before"] = 11, ["after"] = 12 };
        }

        switch (run.Outcome)
        {
            case DupOutcome.PackageGone or DupOutcome.UntoldUnchanged:
                const string Gone = "zypper dup failed: installation or removal of packages failed (exit code 8).";
                Fail(result, "packages", Gone, 8, "installation or removal of packages failed");
                break;
            case DupOutcome.HalfDone or DupOutcome.Untold:
                plan.CarryOut(call, halfOnly: true);
                const string Half = "zypper dup failed: installation or removal of packages failed (exit code 8).";
                Fail(result, "packages", Half, 8, "installation or removal of packages failed");
                break;
            case DupOutcome.Interrupted:
                plan.CarryOut(call, halfOnly: true);
                Interrupt(result, "The run broke off. Packages have changed since it began.");
                break;
            case DupOutcome.InterruptedUnchanged:
                Interrupt(result, run.IsTransactional
                    ? "The run broke off. What it changed is not known."
                    : "The run broke off before any package had changed.");
                break;
            case DupOutcome.Transactional:
                plan.CarryOutForNextBoot(call);
                Succeed(result);
                break;
            default:
                plan.CarryOut(call, halfOnly: false);
                Succeed(result);
                break;
        }
    }

    private static void Succeed(JsonObject result)
    {
        DupResult.Finish(result, "succeeded", $"Done: {DupResult.InWords(result)}.", 0, "no error");
        result["reboot_needed"] = true;
    }

    private static string? TooMuchRemoved(DupPlan plan, DupOrder order)
    {
        string[] names = [.. plan.Removals.Select(one => one.Name).Order(StringComparer.Ordinal)];
        string[] forbidden =
            [.. names.Where(name => order.ForbidRemoval.Any(pattern => Targets.Matches(pattern, name)))];
        if (forbidden.Length > 0)
        {
            return $"These would be removed and must not be: {string.Join(", ", forbidden)}.";
        }

        return names.Length > order.RemoveLimit
            ? $"{names.Length} packages would be removed, and {order.RemoveLimit} are allowed: "
                + $"{string.Join(", ", names)}."
            : null;
    }

    private static void Conflict(JsonObject result)
    {
        const string Problem =
            "the to be installed patterns-base-15.6-1.x86_64 requires 'filesystem >= 16', but this requirement cannot "
            + "be provided";
        Fail(
            result, "conflict", $"Dependencies cannot be met:\n{Problem}", 4,
            "libzypp found a problem: dependencies that cannot be met, or a confirmation that was not given");
        result["problems"] = new JsonArray(new JsonObject
        {
            ["problem"] = Problem,
            ["solutions"] = new JsonArray(
                "keep obsolete patterns-base-15.5-1.x86_64",
                "break patterns-base-15.6-1.x86_64 by ignoring some of its dependencies"),
        });
    }

    private static void Interrupt(JsonObject result, string comment)
    {
        DupResult.Finish(result, "interrupted", comment, null, "zypper's end was not seen");
        result["reason"] = "interrupted";
    }

    private static void Fail(JsonObject result, string reason, string comment, int exitCode, string meaning)
    {
        DupResult.Finish(result, "failed", comment, exitCode, meaning);
        result["reason"] = reason;
        result["errors"] = new JsonArray(comment);
    }
}
