# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion for vfpt: subcommands, their options, PFs, VM ids from the ledger, VFs by their network devices.

_vfpt_pfs() {
    local device
    for device in /sys/class/net/*/device/sriov_numvfs; do
        [ ! -e "$device" ] || basename "${device%/device/sriov_numvfs}"
    done
}

_vfpt_subjects() {
    local path
    for path in /run/vfpt/*@*; do [ ! -e "$path" ] || echo "${path##*@}"; done
    for path in /sys/class/net/*/device/physfn; do
        [ ! -e "$path" ] || basename "${path%/device/physfn}"
    done
}

_vfpt() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words=''
    if [ "$COMP_CWORD" -eq 1 ]; then
        words='list show explain check release reconcile capture --help --version'
    else
        case ${COMP_WORDS[1]} in
        list) [ "$before" = --pf ] && words=$(_vfpt_pfs) || words='--json --pf --free --help' ;;
        show) words="--help $(_vfpt_subjects)" ;;
        explain) words='--json --help' ;;
        release) words="--force --help $(_vfpt_subjects)" ;;
        capture) words='--anonymous --help' ;;
        check | reconcile) words='--help' ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    case ${COMP_WORDS[1]} in
    explain | capture)
        [ "$COMP_CWORD" -eq 1 ] || mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$word")
        compopt -o filenames 2>/dev/null
        ;;
    esac
}

complete -F _vfpt vfpt
