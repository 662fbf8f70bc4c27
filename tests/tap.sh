# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Saying what holds, as TAP, to be sourced by a test that runs tools.

checks=0 failures=0

# holds NAME COMMAND [ARG...]: says so as TAP; what the command prints is why not.
holds() {
    local name=$1 why; shift
    checks=$((checks + 1))
    if why=$("$@" 2>&1) && [ -z "$why" ]; then
        echo "ok $checks - $name"
    else
        failures=$((failures + 1))
        echo "not ok $checks - $name"
        echo "${why//$'\n'/$'\n'#   }" | sed '1s/^/#   /'
    fi
}

# skip NAME WHY
skip() { checks=$((checks + 1)); echo "ok $checks - $1 # SKIP $2"; }
