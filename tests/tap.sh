# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Saying what holds, as TAP: to be sourced by every test that is a script, here and in the lab.

checks=0 failures=0

# result STATUS NAME [TEXT]: one test's line, and the text as its comment.
result() {
    checks=$((checks + 1))
    if [ "$1" = 0 ]; then
        echo "ok $checks - $2"
    else
        failures=$((failures + 1))
        echo "not ok $checks - $2"
    fi
    [ -z "${3-}" ] || echo "#   ${3//$'\n'/$'\n'#   }"
}

# ok NAME COMMAND [ARG...]: it holds if the command succeeds. That may set variables, and its output
# is not touched.
ok() {
    local name=$1; shift
    if "$@"; then result 0 "$name"; else result 1 "$name" "failed: $*"; fi
}

# holds NAME COMMAND [ARG...]: it holds if the command succeeds and prints nothing; what it prints is why not.
holds() {
    local name=$1 why status=0; shift
    why=$("$@" 2>&1) && [ -z "$why" ] || status=1
    result $status "$name" "$why"
}

# is NAME ACTUAL EXPECTED
is() {
    if [ "$2" = "$3" ]; then
        result 0 "$1"
    else
        result 1 "$1" "is       \"${2//$'\n'/\\n}\""$'\n'"expected \"${3//$'\n'/\\n}\""
    fi
}

# like NAME ACTUAL REGEX
like() {
    if [[ $2 =~ $3 ]]; then
        result 0 "$1"
    else
        result 1 "$1" "is       \"${2//$'\n'/\\n}\""$'\n'"expected to match $3"
    fi
}

# skip NAME WHY
skip() { result 0 "$1 # SKIP $2"; }

# quietly COMMAND [ARG...]: what it prints (the end of it) matters only if it fails.
quietly() {
    local said status=0
    said=$("$@" 2>&1) || status=$?
    [ $status = 0 ] || tail -n 20 <<<"$said"
    return $status
}
quiet() { "$@" >/dev/null 2>&1; }
not() { ! quiet "$@"; }

# The last line of a test, and its exit code.
finish() {
    echo "1..$checks"
    [ $failures -eq 0 ]
}
