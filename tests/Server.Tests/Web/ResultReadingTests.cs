using Saltern.Server.Web;
using Saltern.Server.Web.Targets;
using Xunit;

namespace Saltern.Server.Tests.Web;

public sealed class ResultReadingTests
{
    [Theory]
    [InlineData(30, true)]
    [InlineData(400, false)]
    public void Only_what_is_not_too_deep_is_indented(int depth, bool indented)
    {
        var text = new string('[', depth) + "1" + new string(']', depth);
        var shown = JsonView.Pretty(JsonView.Parse(text)!.Value);
        Assert.Equal(indented, shown.Contains('\n', StringComparison.Ordinal));
        Assert.Equal(text, string.Concat(shown.Where(letter => !char.IsWhiteSpace(letter))));
    }

    [Fact]
    public void States_come_in_the_order_in_which_they_ran_with_what_changed()
    {
        const string Result = """
            {"pkg_|-nginx_|-nginx_|-installed": {"result": true, "__run_num__": 1, "__id__": "nginx",
              "comment": "installed",
              "changes": {"nginx": {"old": "", "new": "1.2"}}, "duration": 12.4},
             "file_|-conf_|-/etc/x_|-managed": {"result": false, "__run_num__": 0, "comment": "none", "changes": {}},
             "test_|-t_|-t_|-nop": {"result": null, "__run_num__": 2, "comment": ""}}
            """;

        var states = Assert.IsType<ResultReading.States>(ResultReading.Of(Result));

        Assert.Equal(["conf", "nginx", "t"], states.Lines.Select(line => line.Id));
        Assert.Equal(["Failed", "Changed", "Would change"], states.Lines.Select(line => line.Outcome));
        Assert.Equal("file.managed", states.Lines[0].Function);
        Assert.Contains("1.2", states.Lines[1].Changes, StringComparison.Ordinal);
        Assert.Equal("12 ms", states.Lines[1].Duration);
    }

    [Fact]
    public void A_command_is_its_exit_code_and_what_it_wrote()
    {
        var command = Assert.IsType<ResultReading.Command>(
            ResultReading.Of("""{"pid": 7, "retcode": 3, "stdout": "out", "stderr": "err"}"""));

        Assert.Equal(("3", "out", "err"), (command.ExitCode, command.Output, command.Errors));
    }

    [Theory]
    [InlineData("\"a text\"", "a text")]
    [InlineData("[\"Rendering SLS failed\", \"second\"]", "Rendering SLS failed\n\nsecond")]
    public void A_text_is_shown_as_a_text(string result, string expected) =>
        Assert.Equal(expected, Assert.IsType<ResultReading.Text>(ResultReading.Of(result)).Value);

    [Theory]
    [InlineData("true", "true")]
    [InlineData("[1,2]", "[\n  1,\n  2\n]")]
    [InlineData("""{"a":"é <b>"}""", "{\n  \"a\": \"é <b>\"\n}")]
    public void Anything_else_is_indented(string result, string expected) =>
        Assert.Equal(expected, Assert.IsType<ResultReading.Json>(ResultReading.Of(result)).Pretty);

    [Theory]
    [InlineData("")]
    [InlineData("{\"cut\": \"in the mid")]
    [InlineData("\"\\ud800")]
    public void What_is_no_JSON_is_shown_as_it_is(string result) =>
        Assert.Equal(result, Assert.IsType<ResultReading.Raw>(ResultReading.Of(result)).Value);

    [Theory]
    [InlineData("""{"pkg_|-a_|-a_|-x": {"result": {}, "__run_num__": "no", "changes": 3, "comment": {}}}""")]
    [InlineData("""{"retcode": "text", "stdout": {"odd": 1}}""")]
    [InlineData("\"\\ud800\"")]
    [InlineData("[]")]
    [InlineData("null")]
    public void Odd_results_are_shown_somehow(string result) => Assert.NotNull(ResultReading.Of(result));

    [Fact]
    public void A_result_nested_deeper_than_JSON_readers_like_is_shown()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 300)) + string.Concat(Enumerable.Repeat("]", 300));
        Assert.IsType<ResultReading.Json>(ResultReading.Of(deep));
    }
}
