# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Suites of tests, as many at once as the machine bears, to be sourced by tests/run. A suite is a command
# whose output goes to $log/NAME. What it counts is read from there: TAP's lines and the summaries of Check; a
# suite that prints neither is one test, passed if it exits with 0.

suites=()
declare -A title=() needs=() command=() wanted=() result=()
log=build/log passed=0 failed=0

# suite NAME TITLE NEEDS COMMAND [ARG...]: NEEDS are suites that must have passed before, and
# kinds of packages.
suite() {
    local words=("${@:4}")
    suites+=("$1") title[$1]=$2 needs[$1]=$3 command[$1]=${words[*]@Q}
}

# want NAME: that suite, and those that it needs.
want() {
    local name
    [ -z "${wanted[$1]-}" ] || return 0
    wanted[$1]=yes
    for name in ${needs[$1]}; do [ -z "${title[$name]-}" ] || want "$name"; done
}

# 125 is the lab's own failure, not a test's: its machine gets three more chances, and the report says so.
start() {
    local name=$1 began=$SECONDS status=0 tries
    rm -f "$log/$name" "$log/$name".*
    eval "${command[$name]}" >"$log/$name" 2>&1 </dev/null || status=$?
    for ((tries = 1; status == 125 && tries < 4; tries++)); do
        mv "$log/$name" "$log/$name.$tries"
        status=0
        eval "${command[$name]}" >"$log/$name" 2>&1 </dev/null || status=$?
    done
    echo "$status $((SECONDS - began))" >"$log/$name.status"
}

count_tests() {
    awk '/^ok /{good++} /^not ok /{bad++}
        match($0, /Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+/) {
            split(substr($0, RSTART, RLENGTH), n, /[^0-9]+/)
            good += n[2] - n[3] - n[4]; bad += n[3] + n[4]
        } END { print good + 0, bad + 0 }' "$1"
}

report() {
    local name=$1 status seconds good bad
    read -r status seconds <"$log/$name.status"
    read -r good bad < <(count_tests "$log/$name")
    # No count, or a failure that no count shows (a crash, a lab that does not boot).
    [ $((good + bad)) -gt 0 ] || [ "$status" != 0 ] || good=1
    [ "$status" = 0 ] || [ "$bad" -gt 0 ] || bad=1
    passed=$((passed + good)) failed=$((failed + bad)) result[$name]=passed
    printf '%-46s %4d passed %3d failed %5d s\n' "${title[$name]}" "$good" "$bad" "$seconds"
    [ ! -e "$log/$name.1" ] || echo "  (the lab's machine failed and was started again: $log/$name.[1-3])"
    [ "$bad" -gt 0 ] || return 0
    result[$name]=failed
    { grep -E -A3 '^not ok|^#  |:[EF]:|rror:' "$log/$name" || tail -n 40 "$log/$name"; } | head -n 80
}

# run_now NAME: before all others, if it is wanted.
run_now() {
    if [ -z "${wanted[$1]-}" ] || ! is_ready "$1"; then return; fi
    start "$1"
    report "$1"
    unset "wanted[$1]"
}

# is_ready NAME: what it needs has passed. Where something has failed, the suite is not run at all.
is_ready() {
    local other
    for other in ${needs[$1]}; do
        [ -n "${title[$other]-}" ] || continue
        case ${result[$other]-} in
        passed) ;;
        '') return 1 ;;
        *)
            result[$1]="not run"
            unset "wanted[$1]"
            printf '%-46s not run: %s: %s\n' "${title[$1]}" "$other" "${result[$other]}"
            return 1
            ;;
        esac
    done
}

# run_queue LANES BESIDE: the suites in their order, each as soon as it is ready and one of so many lanes is
# free. The suite BESIDE takes none.
run_queue() {
    local lanes=$1 beside=$2 name pid used
    local -A running=() # by process
    while :; do
        for name in "${suites[@]}"; do
            [ -n "${wanted[$name]-}" ] || continue
            used=" ${running[*]} " used=${used/" $beside "/ }
            [ "$name" = "$beside" ] || [ "$(wc -w <<<"$used")" -lt "$lanes" ] || continue
            is_ready "$name" || continue
            start "$name" &
            running[$!]=$name
            unset "wanted[$name]"
        done
        [ ${#running[@]} -gt 0 ] || break
        wait -n -p pid "${!running[@]}"
        report "${running[$pid]}"
        unset "running[$pid]"
    done
}
