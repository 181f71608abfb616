#!/usr/bin/env bash
# How Coffer stands beside nghttpd, which answers the same POSTs with a file and keeps nothing.
#
#   bench/compare.sh [--program FILE] [--rounds N] [--seconds N] [--movements N] [--out FILE]
#                    [--part turns|whole]
#
# Both are loaded by our own client in the same run, in turns, because a machine's speed changes from
# minute to minute: the ratio is what counts. What was measured is written to
# bench/results/<date>-<commit>.md. It takes a quarter of an hour; `--part` does the runs in turns or the
# long ones alone, and adds to the file of the other part.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

program=build/release/coffer
rounds=3
seconds=10
movements=3000000
out=
part=both
while [[ $# -gt 0 ]]; do
    case $1 in
        --program) program=$2 ;;
        --rounds) rounds=$2 ;;
        --seconds) seconds=$2 ;;
        --movements) movements=$2 ;;
        --out) out=$2 ;;
        --part) part=$2 ;;
        *) sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
    shift 2
done

commit=$("$program" version | awk '$1 == "commit" {print $2}')
[[ -n $out ]] || out=bench/results/$(date -u +%F)-${commit//+/-changed}.md
work=$(mktemp -d)
nghttpd_pid=
clean_up() {
    [[ -z $nghttpd_pid ]] || kill "$nghttpd_pid" 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT

# ---- nghttpd, with an answer as long as ours

mkdir "$work/root"
printf '{"balance":999999.00}' >"$work/root/credit-debit"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
nghttpd --no-tls -n 1 -a 127.0.0.1 -d "$work/root" "$port" >"$work/nghttpd.log" 2>&1 &
nghttpd_pid=$!
for _ in $(seq 50); do
    if (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
    sleep 0.1
done

calls_per_second() { awk '$1 == "calls/s" {print $2}' "$1"; }

report=
tell() {
    report+="$*"$'\n'
    echo "$*"
}
show() {  # the command, and what it printed, as a block
    tell
    tell "    \$ coffer bench $2"
    while IFS= read -r line; do tell "    $line"; done <"$1"
}
measure_nghttpd() {
    "$program" bench --connect "127.0.0.1:$port" --server-pid "$nghttpd_pid" --no-verify \
        --seconds "$seconds" >"$work/nghttpd.txt"
}
status=0
measure() {  # words of `coffer bench`, which verifies the books itself
    "$program" bench "$@" >"$work/coffer.txt" || { status=1; echo "FAILED: $*" >&2; }
}

introduction() {
    tell "# Coffer $commit beside nghttpd"
    tell
    tell "$(date -u +%F), $(nproc) cores of $(awk -F': ' '/model name/ {print $2; exit}' /proc/cpuinfo)," \
        "$(awk '/MemTotal/ {printf "%d GB", $2 / 1e6}' /proc/meminfo), Linux $(uname -r); server, client" \
        "and disk share them. Load average at the start: $(cut -d' ' -f1-3 /proc/loadavg)."
    tell "Written by \`bench/compare.sh --rounds $rounds --seconds $seconds --movements $movements\`."
}

in_turns() {
    tell
    tell "## In turns: calls a second"
    tell
    tell "| round | nghttpd, h2 | rgs, h2 | of nghttpd | integrator, h2 | of nghttpd | rgs, h1 | of nghttpd |"
    tell "|---|---|---|---|---|---|---|---|"
    local round base row words rate
    for round in $(seq "$rounds"); do
        measure_nghttpd
        base=$(calls_per_second "$work/nghttpd.txt")
        row="| $round | $base |"
        for words in "--dialect rgs" "--dialect integrator" "--dialect rgs --protocol h1"; do
            # shellcheck disable=SC2086
            measure $words --seconds "$seconds"
            rate=$(calls_per_second "$work/coffer.txt")
            row+=" $rate | $(awk -v a="$rate" -v b="$base" 'BEGIN {printf "%.3f", a / b}') |"
        done
        tell "$row"
    done
}

whole_runs() {
    tell
    tell "## One run each, whole"
    measure_nghttpd
    show "$work/nghttpd.txt" "--connect (nghttpd)"
    local words
    for words in "--dialect rgs --calls $movements" "--dialect integrator --calls $movements" \
        "--dialect rgs --protocol h1 --seconds $seconds" \
        "--dialect rgs --rate 10000 --seconds $seconds" \
        "--dialect rgs --protocol h1 --rate 10000 --seconds $seconds"; do
        # shellcheck disable=SC2086
        measure $words
        sed -i 's|^/[^:]*: |verify     |' "$work/coffer.txt"
        show "$work/coffer.txt" "$words"
    done
}

[[ -f $out && $part != both ]] || introduction
[[ $part == whole ]] || in_turns
[[ $part == turns ]] || whole_runs

mkdir -p "$(dirname "$out")"
if [[ $part == both ]]; then rm -f "$out"; fi
printf '%s' "$report" >>"$out"
echo "written to $out"
exit $status
