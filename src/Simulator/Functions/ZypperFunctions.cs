using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.Minions;
using Saltern.Simulator.Software;

namespace Saltern.Simulator.Functions;

/// <summary>What the server asks of the module <c>saltern_zypper</c> beside the states.</summary>
internal static class ZypperFunctions
{
    public static SaltFunction[] All { get; } =
    [
        Make("saltern_zypper.run_result", ["run_id", "runs_folder"], RunResult),
        Make("saltern_zypper.changed_since", ["run_id", "runs_folder"], ChangedSince),
        Make("saltern_zypper.fetch_test_case", ["run_id", "limit", "runs_folder"], FetchTestCase),
        Make("saltern_zypper.rollback", ["number"], Rollback),
    ];

    private static SaltFunction Make(string name, string[] parameters, Func<FunctionCall, FunctionResult> run) =>
        new(name, call => call.Fleet.HasZypper(call.Minion)
            ? run(call)
            : FunctionResult.Error($"'{name}' is not available."))
        {
            Parameters = parameters, Required = 1,
        };

    private static FunctionResult RunResult(FunctionCall call)
    {
        string id = call.Text("run_id", 0);
        if (DupWorker.Find(call, id) is not { } run)
        {
            return FunctionResult.Of(DupResult.Without(id, "not_begun", "There is no trace of the run here."));
        }

        if (run.EndsAt <= call.Now)
        {
            DupWorker.Settle(call, run);
        }

        if (run.GoesOn)
        {
            return FunctionResult.Of(DupResult.Without(id, "running", $"The run {id} is still going on."));
        }

        JsonObject result = (JsonObject?)run.Result?.DeepClone() ?? DupResult.Without(
            id, "not_begun",
            "The run broke off before it had begun to change anything; it may be begun again.");
        if (run.Result is null)
        {
            result["changed"] = false;
        }
        else
        {
            result["recorded"] = true;
        }

        return FunctionResult.Of(result);
    }

    private static FunctionResult ChangedSince(FunctionCall call)
    {
        string id = call.Text("run_id", 0);
        DupRun? run = DupWorker.Find(call, id);
        if (run is not null && run.EndsAt <= call.Now)
        {
            DupWorker.Settle(call, run);
        }

        JsonObject? changes = run is null ? null : DupResult.Changes(
            Distribution.Of(call.Minion), run.PackagesBefore, call.State.Packages);
        if (run is { IsTransactional: true } && changes is { Count: 0 })
        {
            // It may not have booted since.
            changes = null;
        }

        bool began = run is { Order.DryRun: false, Result: null } || run is { Changed: true }
            || (string?)run?.Result?["reason"] is "packages" or "interrupted";
        return FunctionResult.Of(new JsonObject
        {
            ["run_id"] = id,
            ["recorded"] = run is not null,
            ["began_to_change"] = began,
            ["changed"] = changes is null ? null : changes.Count > 0,
            ["changes"] = changes ?? [],
        });
    }

    private static FunctionResult FetchTestCase(FunctionCall call)
    {
        string id = call.Text("run_id", 0);
        JsonObject answer = new() { ["found"] = false };
        if (DupWorker.Find(call, id) is { Result: not null })
        {
            byte[] content = TestCase(id);
            string encoded = Convert.ToBase64String(content);
            double limit = Json.NumberOf(call.Argument("limit", 1), 10_000_000);
            answer = new JsonObject { ["found"] = true, ["bytes"] = content.Length };
            if (encoded.Length <= limit)
            {
                answer["left_out"] = new JsonArray();
                answer["content"] = encoded;
            }
            else
            {
                answer["too_large"] = true;
                answer["limit"] = limit;
            }
        }

        answer["run_id"] = id;
        return FunctionResult.Of(answer);
    }

    private static byte[] TestCase(string runId)
    {
        using MemoryStream memory = new();
        using (GZipStream zipped = new(memory, CompressionLevel.Fastest))
        using (TarWriter tar = new(zipped))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "solverTestCase/testcase.t")
            {
                DataStream = new MemoryStream(Encoding.UTF8.GetBytes($"# simulated, run {runId}\nsystem x86_64 rpm\n")),
            });
        }

        return memory.ToArray();
    }

    private static FunctionResult Rollback(FunctionCall call)
    {
        string number = call.Text("number", 0);
        return int.TryParse(number, out int snapshot) && snapshot > 0
            ? FunctionResult.Of(new JsonObject
            {
                ["success"] = true, ["number"] = snapshot, ["exit_code"] = 0, ["said"] = "", ["reboot_needed"] = true,
            })
            : FunctionResult.Error(
                $"ERROR executing 'saltern_zypper.rollback': a snapshot has a number from 1, not {number}");
    }
}
