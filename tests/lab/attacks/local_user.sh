# shellcheck shell=bash disable=SC2154,SC2086,SC2034
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Any local user, with files and processes of his own. Sourced by tests/lab/attacks.sh. What he can do about
# VMs that are gone is in tests/lab/owners.sh, which has a libvirt.

# at_the_lock COMMAND...: start it while the ledger's lock is the test's, and wait until it wants that. It
# then has read its document. Its pid is in $waiting; release_lock lets it go on.
at_the_lock() {
    exec 8</run/vfpt
    flock 8
    "$@" >/dev/null 2>/tmp/waiting.err </dev/null 8<&- &
    waiting=$!
    # shellcheck disable=SC2016 # for the inner shell
    lab_wait 20 sh -c 'ls -l "/proc/$0/fd" | grep -q " /run/vfpt$"' "$waiting"
}

release_lock() {
    exec 8<&-
    rc=0
    wait "$waiting" || rc=$?
}

# He gives root a path, and leads it elsewhere in the middle.
roots_hook_writes_where_it_read() {
    local way=/tmp/mallory/way
    install -d -o 1000 -g 1000 $way
    install -o 1000 -g 1000 -m 600 /tmp/nic.xml $way/document.xml
    install -d -m 755 /etc/victim
    at_the_lock env _hook_domxml=$way/document.xml vmId=$other passthrough=required \
        $hooks/before_nic_hotplug/50_vfpt
    mv $way $way.moved
    ln -s /etc/victim $way
    release_lock
    is "root's hook on a path that leads elsewhere meanwhile succeeds" "$rc $(wc -l </tmp/waiting.err)" "0 1"
    is "and puts no file of his there" "$(find /etc/victim -mindepth 1)" ""
    is "but writes where it read, and nothing else" \
        "$(find $way.moved -type f -printf '%f %U %m') $(grep -c hostdev $way.moved/document.xml)" "document.xml 1000 600 1"
    unplug $way.moved/document.xml
    rm -rf $way $way.moved /etc/victim
    untouched "and the VF comes back"
}

# A disk that he loads would hold up all hooks, if one waited for it under the lock.
no_disk_is_waited_for() {
    cp /tmp/nic.xml /tmp/quick.xml
    env _hook_domxml=/tmp/quick.xml vmId=$other passthrough=required \
        strace -f -qq -e trace=fsync,fdatasync,sync,syncfs,sync_file_range,renameat -o /tmp/calls \
        $hooks/before_nic_hotplug/50_vfpt 2>/dev/null
    is "record and document are renamed into place, and no disk is waited for" \
        "$(grep -c renameat /tmp/calls) $(grep -c sync /tmp/calls)" "2 0"
    unplug /tmp/quick.xml
    untouched "and the VF comes back"
}

# What takes too long to parse may be hostile, and the line that says so is written with nothing left to be
# used.
a_parser_that_is_given_up_has_no_capability() {
    python3 - <<'END'
names = " ".join(f"a{i}='x'" for i in range(120000))
open("/tmp/out.xml", "w").write(f"<interface {names}/>")
END
    chown vdsm:kvm /tmp/out.xml
    is "a hook that gives up its document has no capability when it says so" \
        "$(at_output "${vdsm[@]}" env -i vmId=$other passthrough=required _hook_domxml=/tmp/out.xml \
            $hooks/before_nic_hotplug/50_vfpt)" 0000000000000000
    rm /tmp/out.xml
}

# Hooks that are killed at any moment: what they were writing goes, and so does all else.
killed_hooks_leave_no_files() {
    local i pids=()
    for i in {1..200}; do
        /run/as_vdsm /tmp/nic.xml "/tmp/killed.$i" vmId=$other passthrough=required \
            $hooks/before_nic_hotplug/50_vfpt >/dev/null 2>&1 </dev/null &
        pids+=($!)
        # Some are killed at once, some a little later; most by the time others have the lock.
        [ $((i % 4)) -ne 0 ] || { kill -KILL "${pids[RANDOM % i]}"; } 2>/dev/null
    done
    for i in "${pids[@]}"; do [ $((RANDOM % 2)) -eq 0 ] || kill -KILL "$i" 2>/dev/null; done
    wait "${pids[@]}" 2>/dev/null
    # One in the very middle of writing, whatever came of the others.
    echo half >"/tmp/killed.1.vfpt-${pids[0]}-0123456789abcdef"
    chown vdsm:kvm "/tmp/killed.1.vfpt-${pids[0]}-0123456789abcdef"
    plug /tmp/nic.xml
    harmless "after 200 hooks at once, of which many were killed, one succeeds"
    is "and no temporary file stays" "$(find /tmp /run/vfpt -name '*.vfpt-*' -o -name .new)" ""
    rm -f /tmp/killed.*
    attack after_vm_destroy /tmp/nobody.xml
    untouched "and every VF is as it was"
}

attacks+=(roots_hook_writes_where_it_read no_disk_is_waited_for a_parser_that_is_given_up_has_no_capability
    killed_hooks_leave_no_files)
