# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion for vfpt: subcommands, their options, PFs, VM ids from the ledger, VFs by their network devices.
#
# It runs in root's shell, and the names of files and network devices are chosen by others: only words of
# these patterns are offered, and nothing is expanded. (compgen -W would expand its words.)

# The names of PFs, or of what can be shown and released, a line each. In a subshell: whatever the user's
# shell is set to, a pattern here means what it says.
_vfpt_names() (
    set +efu
    shopt -s nullglob
    shopt -u failglob nocaseglob nocasematch
    shopt -u localvar_inherit 2>/dev/null # one of "declare -i" would take a name for a sum
    unset -v GLOBIGNORE
    LC_ALL=C
    local path netdev record
    local -a paths=()
    netdev='^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,14}$'
    record='^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}[.][0-7]@([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$'
    case $1 in
    pfs)
        paths=(/sys/class/net/*/device/sriov_numvfs)
        ;;
    subjects)
        paths=(/sys/class/net/*/device/physfn)
        for path in /run/vfpt/*@*; do
            if [[ ${path##*/} =~ $record ]]; then printf '%s\n' "${BASH_REMATCH[1]}"; fi
        done
        ;;
    esac
    for path in "${paths[@]}"; do
        path=${path#/sys/class/net/}
        if [[ ${path%%/*} =~ $netdev ]]; then printf '%s\n' "${path%%/*}"; fi
    done
)

_vfpt() {
    local word=${COMP_WORDS[COMP_CWORD]-} names='' name
    local -a words=()
    COMPREPLY=()
    if [ "$COMP_CWORD" -le 1 ]; then
        words=(list show explain check release reconcile repair capture --help --version)
    else
        case ${COMP_WORDS[1]} in
        list)
            words=(--json --pf --free --help)
            [ "${COMP_WORDS[COMP_CWORD - 1]}" != --pf ] || { words=(); names=pfs; }
            ;;
        show) words=(--help) names=subjects ;;
        explain) words=(--json --help) ;;
        repair) words=(--help) names=subjects ;;
        release) words=(--force --help) names=subjects ;;
        capture) words=(--anonymous --help) ;;
        check | reconcile) words=(--help) ;;
        esac
        # These want a file, which readline completes, and quotes, where nothing is offered here.
        case ${COMP_WORDS[1]} in
        explain | capture)
            case $word in -*) ;; *) words=() ;; esac
            compopt -o default 2>/dev/null || :
            ;;
        esac
    fi
    if [ -n "$names" ]; then
        while IFS= read -r name; do words+=("$name"); done < <(_vfpt_names "$names")
    fi
    for name in "${words[@]}"; do
        if [[ $name = "$word"* ]]; then COMPREPLY+=("$name"); fi
    done
}

complete -F _vfpt vfpt
