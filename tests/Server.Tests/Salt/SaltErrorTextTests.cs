using System.Text;
using Saltern.Server.Salt;

namespace Saltern.Server.Tests.Salt;

public sealed class SaltErrorTextTests
{
    [Theory]
    [InlineData(
        400, "<html><head><title>400 Bad Request</title></head><body><h2>400 Bad Request</h2>\n"
        + "<p>Client disabled: &#x27;ssh&#x27;.\n  Add to\u0000 it.</p><pre id=\"traceback\"></pre></body></html>",
        "salt-api answered 400 Bad Request: Client disabled: 'ssh'. Add to it.")]
    [InlineData(
        500, """{"status": 500, "return": "An unexpected error occurred"}""",
        "salt-api answered 500 Internal Server Error: An unexpected error occurred")]
    [InlineData(
        502, "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center>"
        + "<hr><center>nginx</center></body></html>", "salt-api answered 502 Bad Gateway")]
    [InlineData(503, "upstream  is\r\naway", "salt-api answered 503 Service Unavailable: upstream is away")]
    [InlineData(500, "", "salt-api answered 500 Internal Server Error")]
    [InlineData(500, "{\"return\": 7}", "salt-api answered 500 Internal Server Error: {\"return\": 7}")]
    [InlineData(599, "<p> </p>", "salt-api answered 599")]
    public void An_error_answer_is_one_line_for_a_person(int status, string body, string expected) =>
        Assert.Equal(expected, SaltErrorText.Of(status, Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void A_long_text_is_cut() =>
        Assert.True(SaltErrorText.Of(500, Encoding.UTF8.GetBytes(new string('x', 60_000))).Length < 400);
}
