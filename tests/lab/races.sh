#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# VMs that come and go at once, as VDSM runs the hooks, on 28 real VFs. Wants: tests/lab/run --pfs 4 --cpus 2
#
# VFPT_SEED is what all random choices come from (they are the same again, their order in time is not),
# VFPT_SECONDS how long it takes.

set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/lab/lib.sh
. tests/lab/lib.sh
# shellcheck source=tests/lab/check.sh
. tests/lab/check.sh

seed=${VFPT_SEED:-$RANDOM$RANDOM}
seconds=${VFPT_SECONDS:-60}

make_host() {
    local pf
    for pf in ens1f0 ens2f0 ens3f0 ens4f0; do lab_vfs $pf 7 || return; done
    lab_bridge plain ens1f0 && lab_vlan ens2f0 200 azure.7 && lab_bridge blue azure.7 &&
        lab_bond bond0 ens3f0 ens4f0 && lab_vlan bond0 100 scarlet && lab_bridge red scarlet &&
        ip link add name lonely type bridge
}

# none KIND WHAT: no such problem was found.
none() { is "$2" "$(grep "^problem $1: " /tmp/races | head -n 5)" ""; }

make_host || { echo "Bail out! the host cannot be made"; exit 1; }
install_build || { echo "Bail out! the build cannot be installed"; exit 1; }
before=$(vf_states ens1f0 ens2f0 ens3f0 ens4f0)
is "the lab has 28 VFs" "$(wc -l <<<"$before")" 28
echo "# seed $seed"
tests/lab/races.py "$seed" "$seconds" "${VFPT_WORKERS:-6}" plain=0:ens1f0 blue=200:ens2f0 \
    red=100:ens3f0,ens4f0 >/tmp/races 2>&1
is "the workers come to their end" "$? $(grep -c '^problem test:' /tmp/races)" "0 0"
grep -E '^#' /tmp/races
done=$(sed -n 's/^# \([0-9]*\) hooks: .*/\1/p' /tmp/races)
ok "enough of them came and went (50 hooks and more)" test "${done:-0}" -ge 50
none twice "no VF is given twice"
none lost "no VF is lost"
none settings "every VF has its own vNIC's settings, or those it had at first"
none ledger "the ledger says so, at any time"
none trace "a refused hook leaves no trace"
none message "all hooks succeed, or say in one line why not, and warn of nothing"
is "nothing else was said" "$(grep -vE '^(#|problem )' /tmp/races)" ""
is "no temporary file stays" "$(own_files \( -name '*vfpt-*' -o -name .new \))" ""
unchanged "at the end every VF is free and as at first"
finish
