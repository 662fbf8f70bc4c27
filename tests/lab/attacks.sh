#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What packaging/SECURITY.md promises, tried: a VM's hostile user, a QEMU that was broken into, another user
# of the host, and an environment that is not as it should be. The hooks are installed, with their capability.
# Wants: tests/lab/run --pfs 1
#
# While all this goes on a VM runs and has a VF: "untouched" is its VF, the others, the ledger
# and the configuration.

set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/lab/lib.sh
. tests/lab/lib.sh
# shellcheck source=tests/lab/check.sh
. tests/lab/check.sh

victim=3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01
other=b7c5a0de-2f43-4b5e-8a55-0a1b2c3d4e07
mac=56:6f:1a:2b:66:01
mallory=(setpriv --reuid 1000 --regid 1000 --clear-groups)
qemu=(setpriv --reuid 107 --regid 107 --groups 36)
vdsm=(setpriv --reuid vdsm --regid kvm --clear-groups)

# attack POINT DOCUMENT [NAME=VALUE...]
attack() { as_vdsm "$1" "$2" vmId=$other "${@:3}"; }
plug() { attack before_nic_hotplug "$1" passthrough=required "${@:2}"; }
unplug() { attack after_nic_hotplug_fail "${1:-$doc}"; }

# Nothing of it may change.
picture() {
    # The victim's VF, the first, has a MAC of the PF's; the others come and go.
    vf_lines ens1f0 | grep ' vf 0 '
    vf_states ens1f0 | grep -v ' vf 0 '
    find /run/vfpt /etc/vdsm -name last -prune -o -mindepth 1 -printf '%p %y %U:%G %m %s %l\n' | sort
    grep -sH . /run/vfpt/*@*
}
untouched() { is "$1" "$(diff <(picture) <(echo "$calm"))" ""; }

# refused NAME REGEX DOCUMENT: the hook that just ran failed with one such line, and the document is
# as it was.
refused() {
    local wrong=
    [ "$rc" = 2 ] || wrong+="exit code $rc; "
    [ -n "$err" ] && [ ${#err} -lt 1100 ] && [[ $err != *[[:cntrl:]]* ]] || wrong+="not one fit line; "
    [[ $err =~ $2 ]] || wrong+="another message; "
    cmp -s "$doc" "$3" || wrong+="the document changed; "
    is "$1" "$wrong${wrong:+$err}" ""
}

# harmless NAME: the plug succeeded or failed, with one line; and nothing is left once it was told to end.
harmless() {
    local wrong=''
    [[ $rc =~ ^(0|1|2|127)$ && -n $err && $err != *[[:cntrl:]]* ]] || wrong="exit code $rc: $err"
    through=()
    if [ "$rc" = 0 ]; then
        unplug
        [ "$rc" = 0 ] || wrong+="; the end failed: $err"
    fi
    wrong+=$(diff <(picture) <(echo "$calm")) || wrong+=" "
    is "$1" "$wrong" ""
}

# --- a VM's user: values of custom properties, MACs, what gets into the document ----------------------------

properties_are_checked() {
    local property long
    printf -v long '%0100000d' 0
    for property in passthrough=REQUIRED passthrough=$'required\nvfpt: all is well' passthrough=%s%s%n%n \
        "passthrough=$long" vf_vlan=4095 vf_vlan=0x10 vf_vlan=$'7\n8' vf_vlan=7:8 vf_vlan= "vf_vlan=$long" \
        vf_rate=5-1 vf_rate=4294967297 vf_trust=ON vf_link=up; do
        plug /tmp/nic.xml "$property"
        property=${property//$'\n'/\\n}
        refused "custom property ${property:0:40}" '^vfpt: vNIC .*(custom property|min_tx_rate)' /tmp/nic.xml
    done
    untouched "nothing has changed"
}

macs_are_checked() {
    local bad
    for bad in 01:00:5e:00:00:01 ff:ff:ff:ff:ff:ff 00:00:00:00:00:00 "$(cat /sys/class/net/ens1f0/address)" \
        56:6f:1a:2b:aa:01 56:6F:1A:2B:AA:01; do
        nic_xml "$bad" blue >/tmp/x.xml
        plug /tmp/x.xml
        refused "MAC $bad is not given" '^vfpt: vNIC ' /tmp/x.xml
    done
    nic_xml "56:6f:1a:2b:66:01' or '1'='1" blue >/tmp/x.xml
    plug /tmp/x.xml
    refused "what is no MAC is none" 'no valid MAC' /tmp/x.xml
    untouched "nothing has changed"
}

networks_stay_in_their_directory() {
    local bridge
    mkdir -p /tmp/f/brif/ens1f0
    echo 1500 >/tmp/f/mtu
    for bridge in ../../../tmp/f .. ens1f0 "$(printf 'b%.0s' {1..300})" '*' '%n'; do
        nic_xml $mac "$bridge" >/tmp/x.xml
        plug /tmp/x.xml
        refused "network ${bridge:0:20} is none" '^vfpt: vNIC ' /tmp/x.xml
    done
    untouched "nothing has changed"
}

# refuses_document NAME REGEX: that of /tmp/x.xml, and soon.
refuses_document() {
    through=(timeout 120)
    plug /tmp/x.xml
    through=()
    refused "$1" "$2" /tmp/x.xml
}

documents_are_checked() {
    local nic
    nic=$(nic_xml $mac blue)
    echo "<!DOCTYPE interface [<!ENTITY x SYSTEM 'file:///etc/hosts'>]>${nic/blue/"&x;"}" >/tmp/x.xml
    refuses_document "a document with an external entity" 'DTD'
    echo "<!DOCTYPE interface [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>
        <!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;'>]>
        ${nic/blue/"&d;"}" >/tmp/x.xml
    refuses_document "a document that grows" 'DTD'
    { echo "$nic" | head -c 200; printf '\0'; echo "$nic" | tail -c +200; } >/tmp/x.xml
    refuses_document "a document with a NUL byte" '.'
    head -c 200 <<<"$nic" >/tmp/x.xml
    refuses_document "half a document" '.'
    : >/tmp/x.xml
    refuses_document "no document" '.'
    { echo "$nic"; head -c 11000000 /dev/zero | tr '\0' ' '; } >/tmp/x.xml
    refuses_document "a document of 11 MB" 'larger than 10 MiB'
    { head -c 300000 /dev/zero | sed 's/\x0/<a>/g'; } >/tmp/x.xml
    refuses_document "a document that is 300,000 elements deep" '.'
    vm_xml ../../../tmp/evil $mac blue >/tmp/x.xml
    attack before_vm_start /tmp/x.xml vmId=
    refused "a VM whose id is a path" 'not a VM.s UUID' /tmp/x.xml
    plug /tmp/nic.xml vmId=../../tmp/evil
    refused "a vmId that is a path" 'not a VM.s UUID' /tmp/nic.xml
    local include='<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" parse="text" href="/etc/hosts"/>'
    echo "${nic/<mac/$include<mac}" >/tmp/x.xml
    plug /tmp/x.xml
    is "nothing is included into a document" "$rc $(grep -c localhost "$doc")" "0 0"
    unplug
    untouched "and it goes back"
}

# What a document says gets into the ledger: it must not say there what it likes.
records_are_ours() {
    nic_xml $mac blue "ua-x&#10;vm = $victim&#10;[end]&#10;complete = yes&#10;" >/tmp/x.xml
    plug /tmp/x.xml
    is "an alias with lines in it makes none in the record" \
        "$rc $(grep -c '^vm = ' /run/vfpt/*@$other) $(grep -c '^\[end\]' /run/vfpt/*@$other)" "0 1 1"
    unplug
    untouched "and the record goes with its vNIC"
}

nobody_releases_for_another() {
    attack after_nic_hotunplug /tmp/victim-nic.xml
    is "a vNIC of another VM is not unplugged" "$rc" 0
    untouched "its VF stays"
    attack after_vm_destroy /tmp/victim.xml
    is "a document that speaks of another VM does not end that one" "$rc" 0
    untouched "its VF stays"
    attack after_vm_start /tmp/victim.xml
    untouched "nor does it change anything there"
}

# The guest owns the VF, as the network device's owner here does.
the_guest_cannot_have_another_mac_or_vlan() {
    local netdev
    netdev=$(ls "/sys/bus/pci/devices/$victim_vf/net")
    ip link set dev "$netdev" up
    ip link set dev "$netdev" address 02:00:00:00:00:99 2>/dev/null
    ip link add link "$netdev" name guest type vlan id 5 && ip link set dev guest up 2>/dev/null
    untouched "whatever the guest sets, the PF shows the MAC and the VLAN that we set"
    ip link del guest
    ip link set dev "$netdev" down
}

# --- a QEMU that was broken into: user qemu, group kvm ------------------------------------------------------

as_qemu() { not "${qemu[@]}" sh -c "$1"; }

qemu_gets_nothing() {
    local record
    record=$(echo /run/vfpt/*@$victim)
    plug /tmp/nic.xml
    ok "it cannot write in the ledger" as_qemu "touch /run/vfpt/x"
    ok "nor to a record" as_qemu "echo >>'$record'"
    ok "nor remove one" as_qemu "rm -f '$record'"
    ok "nor move one" as_qemu "mv '$record' '$record.x'"
    ok "it can neither read nor write the document that the hook wrote" as_qemu "cat '$doc' || echo >>'$doc'"
    ok "nor put another in its place" \
        as_qemu "mv -f /tmp/nic.xml '$doc' || rm -f '$doc' || ln -sf /tmp/x '$doc'"
    ok "it cannot change the hooks" \
        as_qemu "test -w $hooks/before_vm_start || test -w $hooks/before_vm_start/50_vfpt"
    ok "nor configure them" as_qemu "echo >>/etc/vdsm/vfpt.conf"
    ok "(root can lock the ledger)" flock -n /run/vfpt true
    ok "it cannot, and so it cannot keep the hooks waiting" as_qemu "flock -n /run/vfpt true"
    unplug
    untouched "nothing has changed"
}

# What it could write to if a umask or a mode let it.
modes_do_not_depend_on_the_umask() {
    local mask
    for mask in 000 002 077 777; do
        # shellcheck disable=SC2016 # for the inner shell
        through=(sh -c 'umask "$0"; exec "$@"' "$mask")
        plug /tmp/nic.xml
        through=()
        is "with umask $mask a record has mode 644 or less, and its owner can read it" \
            "$rc $(stat -c '%U %a' /run/vfpt/*@$other | sed 's/6[04][04]$/rw/')" "0 vdsm rw"
        is "with umask $mask the document keeps its mode" "$(stat -c '%U %a' "$doc")" "vdsm 600"
        unplug
        untouched "with umask $mask the VF comes back"
    done
}

# --- another user of the host -------------------------------------------------------------------------------

# as_mallory COMMAND...: with a document of his own.
as_mallory() {
    doc=/tmp/mallory/doc.xml rc=0
    install -o 1000 -g 1000 -m 600 /tmp/nic.xml $doc
    err=$("${mallory[@]}" env -i PATH=/usr/bin:/bin _hook_domxml=$doc vmId=$other passthrough=required \
        "$@" 2>&1 </dev/null) || rc=$?
}

refused_to_mallory() { refused "$1" '^vfpt: only root and user vdsm' /tmp/nic.xml; }

the_hooks_are_not_for_others() {
    local hook
    for hook in "$hooks"/*/50_vfpt; do
        as_mallory "$hook"
        refused_to_mallory "he cannot use ${hook#"$hooks"/}"
    done
    hook=$hooks/before_nic_hotplug/50_vfpt
    ln -s "$hook" /tmp/mallory/link
    as_mallory /tmp/mallory/link
    refused_to_mallory "nor through a symbolic link"
    ln "$hook" "$hooks/hard"
    as_mallory "$hooks/hard"
    refused_to_mallory "nor through a hard link"
    rm "$hooks/hard"
    as_mallory _hook_domxml=/etc/shadow "$hook"
    refused_to_mallory "nor to look at files"
    as_mallory /tmp/hostile.py no-arguments "$hook"
    refused_to_mallory "nor without arguments"
    # shellcheck disable=SC2016 # for the inner shell
    as_mallory sh -c 'exec "$0" 0<&- 1>&-' "$hook"
    refused_to_mallory "nor with descriptors closed"
    as_mallory prlimit --nofile=5:5 --fsize=0:0 "$hook"
    refused_to_mallory "nor with limits"
    untouched "nothing has changed"
}

# What a copy of a hook, which has no capability, or a hook that does not get its own, can do: nothing.
powerless() {
    as_mallory "${@:2}"
    is "$1" "$([ "$rc" = 0 ] && echo "it succeeded: $err")$(diff <(picture) <(echo "$calm"))" ""
}

without_the_capability_there_is_nothing_to_use() {
    local hook=$hooks/before_nic_hotplug/50_vfpt
    cp "$hook" /tmp/mallory/copy
    powerless "a copy of a hook changes nothing" /tmp/mallory/copy
    powerless "nor does a hook that may get no privileges" setpriv --no-new-privs "$hook"
    powerless "nor one that is traced" /tmp/hostile.py traced "$hook"
    powerless "nor one in a user namespace, as its root" unshare --user --map-root-user "$hook"
    powerless "nor as its vdsm" unshare --user --map-user=36 --map-group=36 "$hook"
    powerless "nor with a network of its own" unshare --user --map-root-user --net "$hook"
}

# All that the loader, the libraries and we could listen to.
lies=(VFPT_ROOT=/tmp/fake-root LD_PRELOAD=/tmp/preload.so LD_LIBRARY_PATH=/tmp/libraries
    LD_AUDIT=/tmp/preload.so LD_DEBUG=all LD_DEBUG_OUTPUT=/tmp/was-there TMPDIR=/tmp/mallory
    HOME=/tmp/mallory GCONV_PATH=/tmp/libraries MALLOC_TRACE=/tmp/was-there MALLOC_CHECK_=3 NLCB=debug
    NLDBG=9 NLSYSCONFDIR=/tmp/mallory XML_CATALOG_FILES=/tmp/nic.xml XML_DEBUG_CATALOG=1
    LOCPATH=/tmp/libraries LANGUAGE=xx LC_ALL=C.UTF-8 POSIXLY_CORRECT=1 TZ=/tmp/nic.xml)

# libnl-route's constructors say what they do where NLDBG is set: to who set it, and before main().
without_debugging() { err=$(sed '/^DBG</d' <<<"$err"); }

# The first two find out whether the attack would work at all.
the_environment_brings_nothing_in() {
    local hook=$hooks/before_nic_hotplug/50_vfpt vf
    mkdir -p /tmp/libraries /tmp/fake-root/run
    cp /tmp/preload.so /tmp/libraries/libinih.so.1
    as_mallory LD_PRELOAD=/tmp/preload.so /bin/true
    ok "(a program without capability lets a foreign library in)" rm /tmp/was-there
    as_mallory LD_LIBRARY_PATH=/tmp/libraries /tmp/mallory/copy
    like "(and loads one from a foreign directory)" "$err" '/tmp/libraries|undefined symbol'
    as_mallory "${lies[@]}" "$hook"
    without_debugging
    refused_to_mallory "an environment that lies does not make another user vdsm"
    is "and brings no library in" "$(own_files -name 'was-there*')" ""
    plug /tmp/nic.xml "${lies[@]}"
    without_debugging
    vf=$(vf_of "$doc" $mac)
    like "vdsm's is as harmless: the VF is a real one" "$rc $(pf_line "$vf")" "^0 .*$mac"
    ok "with one line" one_line "$err"
    attack after_nic_hotplug_fail "$doc" "${lies[@]}"
    untouched "which really comes back"
    is "and there is neither a foreign library nor a file" \
        "$(own_files \( -name 'was-there*' -o -path '*fake-root/run/*' \))" ""
}

he_cannot_get_in_between() {
    local record
    record=$(echo /run/vfpt/*@$victim)
    plug /tmp/nic.xml
    ok "he cannot read the document" not "${mallory[@]}" cat "$doc"
    ok "nor write to it" not "${mallory[@]}" sh -c "echo >>'$doc'"
    ok "nor put another in its place" not "${mallory[@]}" sh -c "mv -f /tmp/nic.xml '$doc' || rm -f '$doc'"
    ok "nor write in the ledger" not "${mallory[@]}" touch /run/vfpt/x
    ok "nor lock it" not "${mallory[@]}" flock -n /run/vfpt true
    ok "nor change a record" not "${mallory[@]}" sh -c "echo >>'$record' || rm '$record'"
    unplug
    untouched "nothing has changed"
}

# --- what is planted in the hooks' way ----------------------------------------------------------------------

# The document's path is VDSM's; were it not, that would be of no use either.
planted() {
    rc=0 doc=$1
    err=$("${vdsm[@]}" env -i "_hook_domxml=$1" vmId=$other passthrough=required \
        timeout 120 $hooks/before_nic_hotplug/50_vfpt 2>&1 </dev/null) || rc=$?
}

documents_are_files() {
    local way=/tmp/mallory/way
    cp /tmp/nic.xml /tmp/theirs && chown vdsm:kvm /tmp/theirs
    ln -s /tmp/theirs $way
    planted $way
    refused "a document that is a symbolic link" 'cannot open the document' /tmp/nic.xml
    rm $way
    mkfifo -m 666 $way
    planted $way
    doc=/tmp/nic.xml
    refused "a pipe" 'not a regular file' /tmp/nic.xml
    rm $way
    mkdir $way
    planted $way
    doc=/tmp/nic.xml
    refused "a directory" 'not a regular file' /tmp/nic.xml
    rmdir $way
    planted /dev/zero
    doc=/tmp/nic.xml
    refused "a device" 'not a regular file' /tmp/nic.xml
    cp /tmp/nic.xml $way && chown 1000:1000 $way && chmod 666 $way
    planted $way
    refused "a document of someone else" 'cannot write the document' /tmp/nic.xml
    rm $way
    # Here it is not refused, and what the other name leads to stays as it was.
    echo 0 >/proc/sys/fs/protected_hardlinks
    ln /tmp/theirs $way
    planted $way
    ok "a hard link is not written through" cmp /tmp/theirs /tmp/nic.xml
    unplug /tmp/nic.xml
    untouched "and its VF comes back"
    rm -f $way
    ok "no temporary file stays" not ls /tmp/mallory/way*
}

# with_ledger NAME [REGEX]: the ledger as it was just made is refused, in one line with that. It is put back.
with_ledger() {
    local why=${2:-/run/vfpt must belong to root or vdsm, and nobody else may write there}
    plug /tmp/nic.xml
    local ledger_rc=$rc ledger_err=$err same=yes
    cmp -s "$doc" /tmp/nic.xml || same="the document changed"
    [ "$rc" != 0 ] || unplug
    rm -rf /run/vfpt
    mv /run/vfpt.safe /run/vfpt
    is "$1 is refused" "$ledger_rc $same $(grep -cE "$why" <<<"$ledger_err")" "2 yes 1"
    untouched "$1: nothing has changed"
}

# another_ledger: a copy of it, to be spoilt.
another_ledger() {
    mv /run/vfpt /run/vfpt.safe
    cp -a /run/vfpt.safe /run/vfpt
}

the_ledger_must_be_ours() {
    local mode
    mv /run/vfpt /run/vfpt.safe
    cp -a /run/vfpt.safe /tmp/mallory/ledger
    ln -s /tmp/mallory/ledger /run/vfpt
    with_ledger "a ledger that is a symbolic link" "cannot open the ledger.*/run/vfpt"
    another_ledger
    chown 1000:1000 /run/vfpt
    chmod 755 /run/vfpt
    with_ledger "a ledger of another user"
    for mode in 775 1777 757; do
        another_ledger
        chmod $mode /run/vfpt
        with_ledger "a ledger with mode $mode"
    done
}

# The victim ends. Was what its record says of before put back? 1 for yes.
record_is_used() {
    attack after_vm_destroy /tmp/victim.xml vmId=$victim
    pf_line "$victim_vf" | grep -c 02:66:66:66:66:66
}

# spoilt_record OPTION...: install(1) with these options puts one with another "before" in the victim's place.
spoilt_record() {
    local record
    record=$(echo /run/vfpt/*@$victim)
    awk '/^\[before\]/ {before = 1} /^\[wanted\]/ {before = 0}
        before && /^mac/ {$0 = "mac = 02:66:66:66:66:66"}
        /^own_mac/ {$0 = "own_mac = 00:00:00:00:00:00"} {print}' \
        "$record" >/tmp/mallory/record
    rm "$record"
    install "$@" /tmp/mallory/record "$record"
}

records_must_be_ours() {
    spoilt_record -o vdsm -g kvm -m 644
    is "(a record of ours would be believed)" "$(record_is_used)" 1
    start_again
    spoilt_record -o vdsm -g kvm -m 644
    mv /run/vfpt/*@$victim /tmp/record
    ln -s /tmp/record "/run/vfpt/$victim_vf@$victim"
    is "a record that is a symbolic link is not believed" "$(record_is_used)" 0
    start_again
    spoilt_record -o 1000 -g 1000 -m 644
    is "a record of another user is not believed" "$(record_is_used)" 0
    start_again
    spoilt_record -o vdsm -g kvm -m 666
    is "a record that others can write to is not believed" "$(record_is_used)" 0
    start_again
}

# The victim as at first, whatever became of it.
start_again() {
    rm -f /run/vfpt/*@$victim
    ip link set dev ens1f0 vf 0 mac 00:00:00:00:00:00 vlan 0
    start_victim
}

start_victim() {
    attack before_vm_start /tmp/victim-vm.xml vmId=$victim
    cp "$doc" /tmp/victim.xml
    calm=$(picture)
}

with_conf() {
    through=(timeout 120)
    plug /tmp/nic.xml
    through=()
    rm -rf /etc/vdsm/vfpt.conf
    local conf_rc=$rc conf_err=$err same=yes
    cmp -s "$doc" /tmp/nic.xml || same="the document changed"
    [ "$rc" != 0 ] || unplug
    is "$1 is refused" "$conf_rc $same $(grep -c /etc/vdsm/vfpt.conf <<<"$conf_err")" "2 yes 1"
    untouched "$1: nothing has changed"
}

the_configuration_must_be_ours() {
    local conf=/etc/vdsm/vfpt.conf mode
    printf '[policy]\ngap = allow\n' >/tmp/mallory/conf
    ln -s /tmp/mallory/conf $conf
    with_conf "vfpt.conf that is a symbolic link"
    install -o 1000 -m 644 /tmp/mallory/conf $conf
    with_conf "vfpt.conf of another user"
    rm -f $conf
    for mode in 664 646; do
        install -o root -g kvm -m $mode /tmp/mallory/conf $conf
        with_conf "vfpt.conf with mode $mode"
        rm -f $conf
    done
    mkfifo -m 644 $conf
    with_conf "vfpt.conf that is a pipe"
    rm -f $conf
    mkdir $conf
    with_conf "vfpt.conf that is a directory"
    rm -rf $conf
}

# --- limits and the like: VDSM's own may be odd -------------------------------------------------------------

limits_leave_nothing_half_done() {
    local limit
    for limit in 0 {3..9} 12; do
        through=(prlimit "--nofile=$limit:$limit")
        plug /tmp/nic.xml
        harmless "at most $limit open files"
    done
    for limit in 8 32 40 48 64; do
        through=(prlimit "--as=$((limit << 20)):$((limit << 20))")
        plug /tmp/nic.xml
        harmless "at most $limit MiB of memory"
    done
    # The record fits into 1 KiB, the document does not: it comes when the VF has been given already.
    nic_xml $mac blue | sed "s|<mac|<!-- $(printf 'long %.0s' {1..600}) --><mac|" >/tmp/long.xml
    for limit in 0 200 1400; do
        through=(prlimit "--fsize=$limit:$limit" --core=0:0)
        plug /tmp/long.xml
        harmless "files of at most $limit bytes"
        through=()
        unplug /tmp/long.xml
        rm -f /run/vfpt/.new
    done
}

odd_starts_are_fine() {
    local i big=()
    # shellcheck disable=SC2016 # for the inner shell
    through=(sh -c 'exec "$0" 0<&- 1>&- 2>&-')
    plug /tmp/nic.xml
    is "with descriptors 0 to 2 closed it succeeds, and nothing is said into a file" \
        "$rc $(grep -c '^vfpt:' "$doc") $(grep -c '^vfpt:' /run/vfpt/*@$other)" "0 0 0"
    err="(closed)"
    harmless "and its VF comes back"
    through=(/tmp/hostile.py no-arguments)
    plug /tmp/nic.xml
    is "without arguments, not even its name, it succeeds" "$rc" 0
    harmless "and its VF comes back"
    through=()
    for i in {1..14}; do big+=("V$i=$(head -c 100000 /dev/zero | tr '\0' x)"); done
    for i in {1..2000}; do big+=("vf$i=x"); done
    plug /tmp/nic.xml "${big[@]}"
    is "in an environment of 1.4 MB it succeeds" "$rc" 0
    harmless "and its VF comes back"
    through=(env --ignore-signal "--block-signal=ALRM,CHLD,PIPE,INT,TERM")
    plug /tmp/nic.xml
    is "with signals ignored and blocked it succeeds" "$rc" 0
    harmless "and its VF comes back"
}

# --- the capability -----------------------------------------------------------------------------------------

capability_of() { sed -n "s/^Cap$2:\t*//p" "/proc/$1/status"; }

# The lock is the test's meanwhile: as long as a hook waits for it, it can be looked at.
capability_is_not_raised_where_it_is_not_needed() {
    local pid
    is "the files have it as permitted only" \
        "$(getcap "$hooks"/*/50_vfpt | sed 's/.* //' | sort -u)" "cap_net_admin=p"
    exec 8</run/vfpt
    flock 8
    cp /tmp/nic.xml /tmp/waiting.xml && chown vdsm:kvm /tmp/waiting.xml
    "${vdsm[@]}" env -i _hook_domxml=/tmp/waiting.xml vmId=$other passthrough=required \
        $hooks/before_nic_hotplug/50_vfpt >/dev/null 2>&1 </dev/null 8<&- &
    pid=$!
    # shellcheck disable=SC2016 # for the inner shell
    lab_wait 20 sh -c 'ls -l "/proc/$0/fd" | grep -q " /run/vfpt$"' $pid
    is "a waiting hook has it, and not raised" "$(capability_of $pid Prm) $(capability_of $pid Eff)" \
        "0000000000001000 0000000000000000"
    is "and has no other" \
        "$(capability_of $pid Inh) $(capability_of $pid Amb)" "0000000000000000 0000000000000000"
    exec 8<&-
    wait $pid
    unplug /tmp/waiting.xml
    untouched "its VF comes back"
}

# at_output USER COMMAND...: what a hook may still do when it says something: its stderr is a pipe
# that is full.
at_output() {
    local pid left
    mkfifo /tmp/full
    exec 9<>/tmp/full
    head -c 65536 /dev/zero >&9
    "$@" 2>/tmp/full >/dev/null </dev/null 9<&- &
    pid=$!
    lab_wait 200 grep -q "^1 0x2 " "/proc/$pid/syscall"
    left=$(capability_of $pid Prm)
    head -c 65536 <&9 >/dev/null
    wait $pid
    exec 9<&-
    rm /tmp/full
    echo "$left"
}

capability_is_dropped_before_output() {
    local none=0000000000000000 env=(env -i "vmId=$other" passthrough=required)
    cp /tmp/nic.xml /tmp/out.xml && chown vdsm:kvm /tmp/out.xml
    is "a hook that succeeded has no capability when it says so" \
        "$(at_output "${vdsm[@]}" "${env[@]}" _hook_domxml=/tmp/out.xml \
            $hooks/before_nic_hotplug/50_vfpt)" $none
    unplug /tmp/out.xml
    nic_xml $mac lonely >/tmp/out.xml
    is "nor has one that failed" \
        "$(at_output "${vdsm[@]}" "${env[@]}" _hook_domxml=/tmp/out.xml \
            $hooks/before_nic_hotplug/50_vfpt)" $none
    is "nor one that refuses its user" \
        "$(at_output "${mallory[@]}" "${env[@]}" $hooks/before_nic_hotplug/50_vfpt)" $none
    untouched "nothing has changed"
}

# --- further attacks, one file for each kind of attacker: it adds its functions to `attacks` ----------------

attacks=()
for part in tests/lab/attacks/*.sh; do
    # shellcheck source=/dev/null
    . "$part"
done

# --- all of it ----------------------------------------------------------------------------------------------

make_host() {
    lab_vfs ens1f0 7 && lab_vlan ens1f0 200 azure.7 && lab_bridge blue azure.7 &&
        ip link add name lonely type bridge
}

make_host || { echo "Bail out! the host cannot be made"; exit 1; }
install_build || { echo "Bail out! the build cannot be installed"; exit 1; }
mkdir -p /etc/vdsm
install -d -o 1000 -g 1000 -m 777 /tmp/mallory
install -m 755 tests/lab/hostile.py "$VFPT_STAGE/../tests/preload.so" /tmp/
before=$(vf_states ens1f0)
nic_xml $mac blue >/tmp/nic.xml
nic_xml 56:6f:1a:2b:aa:01 blue >/tmp/victim-nic.xml
vm_xml $victim 56:6f:1a:2b:aa:01 blue >/tmp/victim-vm.xml
start_victim
victim_vf=$(vf_of "$doc" 56:6f:1a:2b:aa:01)
is "a VM runs and has a VF" "$rc $(assignments) $victim_vf" "0 1 $(lab_vf_pci ens1f0 0)"

properties_are_checked
macs_are_checked
networks_stay_in_their_directory
documents_are_checked
records_are_ours
nobody_releases_for_another
the_guest_cannot_have_another_mac_or_vlan
qemu_gets_nothing
modes_do_not_depend_on_the_umask
the_hooks_are_not_for_others
without_the_capability_there_is_nothing_to_use
the_environment_brings_nothing_in
he_cannot_get_in_between
documents_are_files
the_ledger_must_be_ours
records_must_be_ours
the_configuration_must_be_ours
limits_leave_nothing_half_done
odd_starts_are_fine
capability_is_not_raised_where_it_is_not_needed
capability_is_dropped_before_output
for attack in "${attacks[@]}"; do $attack; done
untouched "after all that the VM's VF is as it was"
attack after_vm_destroy /tmp/victim.xml vmId=$victim
unchanged "and in the end all VFs are as at first"
finish
