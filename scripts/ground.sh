# What the scripts at the root stand on: the SDK, Debian's packages, and knowing when a build is due. Sourced by them.

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
# The SDK needs ICU otherwise, which small systems lack; nothing here depends on a culture.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1

say() { printf '%s\n' "$*" >&2; }

require_dotnet() {
    local said
    if ! said=$(cd "$root" && dotnet --version 2>&1); then
        say "$said"
        say "saltern: the .NET 10 SDK is missing (or older than global.json asks for). Install it with:"
        say "  curl -sSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0 && export PATH=\$HOME/.dotnet:\$PATH"
        exit 1
    fi
}

# as_root COMMAND…: runs it as root when we are root or sudo asks for no password; else fails.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo > /dev/null && sudo -n true 2> /dev/null; then
        sudo -n "$@"
    else
        return 1
    fi
}

# install PACKAGE…: installs Debian's packages where we may, else says the exact command.
install() {
    say "saltern: installing $* (Debian)"
    local log
    log=$(mktemp)
    if command -v apt-get > /dev/null && {
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" > "$log" 2>&1 ||
            { as_root apt-get update > "$log" 2>&1 &&
                as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" > "$log" 2>&1; }
    }; then
        rm -f "$log"
        return 0
    fi
    [ ! -s "$log" ] || tail -n 5 "$log" >&2
    rm -f "$log"
    say "saltern: $* could not be installed from here. Install with:"
    say "  sudo apt-get install $*"
    return 1
}

has_command() { command -v "$1" > /dev/null; }

has_postgres() {
    local initdb
    for initdb in /usr/lib/postgresql/*/bin/initdb; do
        [ ! -x "$initdb" ] || return 0
    done
    has_command initdb && has_command postgres
}

has_python_module() { /usr/bin/python3 -c "import $1" > /dev/null 2>&1; }
