#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""VMs come and go in many workers at once: the hooks as VDSM runs them, on real VFs, and what must hold all
the while.

Usage: races.py SEED SECONDS WORKERS NETWORK=VLAN:PF[,PF] ...

Prints what was done ("# ...") and what does not hold ("problem KIND: ..."). A VM is its worker's alone, and a
VF is looked at only while its VM has it: no check depends on what the other workers do just then. What
concerns all VFs is checked when no hook runs: ten times on the way, and in the end.
"""
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import xml.etree.ElementTree as ElementTree

from vfread import vf_lines

HOOKS, LEDGER, PCI = "/usr/libexec/vdsm/hooks", "/run/vfpt", "/sys/bus/pci/devices"
VDSM = 36
ROUNDS = 10
OVIRT = "http://ovirt.org/vm/1.0"
# What a vNIC may ask for, and what its VF then has; igb knows these.
PROFILES = (
    {},
    {"vf_vlan": ("7", "vlan_id", "7")},
    {"vf_rate": ("100", "max_tx_rate", "100")},
    {"vf_spoofchk": ("off", "spoofchk", "off"), "vf_trust": ("on", "trust", "on")},
)
# Network plain has no VLAN.
UNTAGGED = re.compile(r"vfpt: warning: vNIC \S+ \(network plain\): VF \d+ of \S+ has no VLAN.*")
# Why a vNIC may be refused: all VFs have owners, or one is just coming back to its driver.
REFUSALS = re.compile(
    r"vfpt: vNIC \S+ \(network \S+\): "
    r"(?:no free VF: (?!.*bound to vfio-pci)|bridge lonely has no PF below it)"
)


class Problems:
    """What does not hold, and how often what was done."""

    def __init__(self):
        self.lock, self.count, self.done = threading.Lock(), 0, {}

    def report(self, kind, text):
        with self.lock:
            self.count += 1
            print(f"problem {kind}: {text}", flush=True)

    def did(self, what):
        with self.lock:
            self.done[what] = self.done.get(what, 0) + 1


problems = Problems()


class Claims:
    """Which vNIC has which VF, as its worker believes. Claimed after the hook gave it, let go before it goes
    back: so two claims at one time are two owners at one time."""

    def __init__(self):
        self.lock, self.owners = threading.Lock(), {}

    def take(self, vf, nic):
        with self.lock:
            other = self.owners.setdefault(vf, nic)
        if other is not nic:
            problems.report("twice", f"{vf} was given to {nic} and is still {other}'s")

    def let_go(self, vf, nic):
        with self.lock:
            if self.owners.get(vf) is nic:
                del self.owners[vf]


claims = Claims()


class Host:
    """The PFs' view of their VFs, by PCI address."""

    def __init__(self, networks):
        self.networks = {}
        for text in networks:
            name, rest = text.split("=")
            vlan, pfs = rest.split(":")
            self.networks[name] = (vlan, pfs.split(","))
        self.pfs = sorted(pf for _, pfs in self.networks.values() for pf in pfs)
        self.where = {}
        for pf in self.pfs:
            device = f"/sys/class/net/{pf}/device"
            for entry in os.listdir(device):
                if entry.startswith("virtfn"):
                    self.where[os.path.basename(os.readlink(f"{device}/{entry}"))] = (pf, int(entry[6:]))
        self.before = self.look()

    def look(self):
        lines = {pf: dict(line.split(" ", 1) for line in vf_lines(pf)) for pf in self.pfs}
        return {
            vf: dict(pair.split("=", 1) for pair in lines[pf][str(index)].split())
            for vf, (pf, index) in self.where.items()
        }

    def look_at(self, vf):
        pf, index = self.where[vf]
        line = next(line for line in vf_lines(pf) if line.split(" ", 1)[0] == str(index))
        return dict(pair.split("=", 1) for pair in line.split()[1:])


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


class Nic:
    """One vNIC of a VM."""

    def __init__(self, vm, mac, network, profile):
        self.vm, self.mac, self.network, self.profile = vm, mac, network, profile
        self.vf, self.to_vfio = None, False

    def __str__(self):
        return f"{self.mac} of {self.vm}"

    def interface(self, mac=None):
        return (
            f'<interface type="bridge"><mac address="{mac or self.mac}"/><model type="virtio"/>'
            f'<source bridge="{self.network}"/><link state="up"/><filterref filter="vdsm-no-mac-spoofing"/>'
            f'<alias name="ua-{self.mac.replace(":", "-")}"/><bandwidth/></interface>'
        )

    def properties(self):
        return {"passthrough": "required", **{name: asked for name, (asked, _, _) in self.profile.items()}}

    def metadata(self):
        custom = "".join(f"<o:{name}>{value}</o:{name}>" for name, value in self.properties().items())
        return (
            f'<o:device mac_address="{self.mac}"><o:network>{self.network}</o:network>'
            f"<o:custom>{custom}</o:custom></o:device>"
        )

    def expected(self, host):
        shown = {setting: value for _, setting, value in self.profile.values()}
        return {**host.before[self.vf], "mac": self.mac, "vlan_id": host.networks[self.network][0], **shown}


def domain(vm, nics):
    return (
        f'<domain type="kvm" xmlns:o="{OVIRT}"><name>vm-{vm}</name><uuid>{vm}</uuid><metadata><o:vm>'
        + "".join(nic.metadata() for nic in nics)
        + "</o:vm></metadata><devices>"
        + "".join(nic.interface() for nic in nics)
        + "</devices></domain>"
    )


def run_hook(point, document, vm, **properties):
    """As VDSM does, on a document of its own. @return exit code, what was said, the document as it is then"""
    fd, path = tempfile.mkstemp(prefix="tmp")
    os.fchown(fd, VDSM, VDSM)
    os.write(fd, document.encode())
    os.close(fd)
    done = subprocess.run(
        [f"{HOOKS}/{point}/50_vfpt"],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "_hook_domxml": path, "vmId": vm, **properties},
        user=VDSM, group=VDSM, extra_groups=[], stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip
    with open(path) as file:
        after = file.read()
    os.unlink(path)
    problems.did(point)
    return done.returncode, (done.stdout + done.stderr).decode(), after


def vfs_of(document):
    """The VFs that the vNICs of a document have, by MAC."""
    found = {}
    for interface in ElementTree.fromstring(document).iter("interface"):
        address = interface.find("source/address")
        if address is not None:
            parts = [int(address.get(name), 16) for name in ("domain", "bus", "slot", "function")]
            found[interface.find("mac").get("address").lower()] = "%04x:%02x:%02x.%x" % tuple(parts)
    return found


class Worker:
    """Starts, ends and changes VMs of its own."""

    def __init__(self, number, seed, host):
        self.number, self.host = number, host
        self.random = random.Random(f"{seed}-{number}")
        self.vms = {}  # id: its vNICs
        self.idle = [str(uuid.UUID(int=(number << 8) + i + 1)) for i in range(4)]

    def mac(self, vm, index):
        return f"56:6f:{self.number:02x}:00:{int(vm[-2:], 16):02x}:{index:02x}"

    def new_nic(self, vm, index, network=None):
        network = network or self.random.choice(sorted(self.host.networks))
        return Nic(vm, self.mac(vm, index), network, self.random.choice(PROFILES))

    # --- what must hold of this worker's VMs

    def got(self, nic, document):
        nic.vf = vfs_of(document).get(nic.mac)
        if nic.vf is None or nic.vf not in self.host.where:
            problems.report("lost", f"{nic} should have a VF and has {nic.vf}")
            return
        if self.host.where[nic.vf][0] not in self.host.networks[nic.network][1]:
            problems.report("settings", f"{nic} has {nic.vf}, which does not serve {nic.network}")
        claims.take(nic.vf, nic)
        self.check(nic)

    def check(self, nic):
        if nic.vf is None:
            return
        expected, shown = nic.expected(self.host), self.host.look_at(nic.vf)
        if shown != expected:
            problems.report("settings", f"{nic} on {nic.vf} asked for {expected}, the PF shows {shown}")
        try:
            with open(f"{LEDGER}/{nic.vf}@{nic.vm}") as file:
                if f"mac = {nic.mac}\n" not in file.read():
                    problems.report("ledger", f"the record of {nic.vf} is not {nic}'s")
        except OSError as error:
            problems.report("ledger", f"{nic} on {nic.vf}: {error}")

    def check_records(self, vm, nics):
        found = sorted(name for name in os.listdir(LEDGER) if name.endswith("@" + vm))
        expected = sorted(f"{nic.vf}@{vm}" for nic in nics if nic.vf)
        if found != expected:
            problems.report("ledger", f"records of {vm}: {found} and not {expected}")

    def check_refusal(self, what, result, document, vm):
        rc, said, after = result
        problems.did("refused")
        if rc != 2 or not REFUSALS.match(said) or said.count("\n") != 1:
            problems.report("message", f"{what} of {vm} ended with {rc} and said {said!r}")
        if after != document:
            problems.report("trace", f"{what} of {vm} was refused and the document is another")
        self.check_records(vm, self.vms.get(vm, []))

    def check_done(self, what, result, vm):
        if result[:2] != (0, ""):
            problems.report("message", f"{what} of {vm} ended with {result[0]} and said {result[1]!r}")

    # --- the VM's side of it

    def bind(self, nic, driver):
        device = f"{PCI}/{nic.vf}"
        write(f"{device}/driver_override", driver or "\n")
        if os.path.exists(f"{device}/driver"):
            write(f"{device}/driver/unbind", nic.vf)
        write("/sys/bus/pci/drivers_probe", nic.vf)

    def plugged(self, nic):
        """As libvirt does, which takes long: for some."""
        if nic.vf and self.random.random() < 0.3:
            self.bind(nic, "vfio-pci")
            nic.to_vfio = True
            problems.did("bound to vfio-pci")

    def let_go(self, nic):
        if nic.vf is None:
            return
        self.check(nic)
        if nic.to_vfio:
            self.bind(nic, None)
            nic.to_vfio = False
        claims.let_go(nic.vf, nic)
        # libvirt can leave an administrative MAC that was not there: the release has to see to it.
        if self.random.random() < 0.2:
            pf, index = self.host.where[nic.vf]
            left = f"02:00:00:00:{self.number:02x}:{index:02x}"
            subprocess.run(["ip", "link", "set", "dev", pf, "vf", str(index), "mac", left], check=True)
            problems.did("left with another MAC")
        nic.vf = None

    # --- what it does

    def start_vm(self):
        vm = self.idle.pop(self.random.randrange(len(self.idle)))
        nics = [self.new_nic(vm, i) for i in range(self.random.choice((1, 1, 2, 3)))]
        self.start_vm_with(vm, nics)

    def start_vm_with(self, vm, nics):
        document = domain(vm, nics)
        rc, said, after = result = run_hook("before_vm_start", document, vm)
        if rc != 0:
            self.check_refusal("start", result, document, vm)
            # VDSM runs it for a VM that did not start too.
            self.check_done("destroy", run_hook("after_vm_destroy", after, vm), vm)
            self.idle.append(vm)
            return
        if UNTAGGED.sub("", said).count("warning"):
            problems.report("message", f"start of {vm} said {said!r}")
        for nic in nics:
            self.got(nic, after)
        self.check_records(vm, nics)
        self.vms[vm] = nics
        for nic in nics:
            self.plugged(nic)
        self.check_done("after_vm_start", run_hook("after_vm_start", after, vm), vm)

    def start_half(self):
        """Its last vNIC cannot have a VF."""
        vm = self.random.choice(self.idle)
        nics = [self.new_nic(vm, 0), self.new_nic(vm, 1), self.new_nic(vm, 2, "lonely")]
        document = domain(vm, nics)
        result = run_hook("before_vm_start", document, vm)
        self.check_refusal("start", result, document, vm)

    def destroy_vm(self, vm=None):
        vm = vm or self.random.choice(sorted(self.vms))
        nics = self.vms.pop(vm)
        for nic in nics:
            self.let_go(nic)
        self.check_done("destroy", run_hook("after_vm_destroy", domain(vm, nics), vm), vm)
        self.check_records(vm, [])
        self.idle.append(vm)

    def plug(self):
        vm = self.random.choice(sorted(self.vms))
        macs = {nic.mac for nic in self.vms[vm]}
        nic = self.new_nic(vm, next(i for i in range(256) if self.mac(vm, i) not in macs))
        document = nic.interface()
        rc, said, after = result = run_hook("before_nic_hotplug", document, vm, **nic.properties())
        if rc != 0:
            self.check_refusal("plug", result, document, vm)
            return
        if UNTAGGED.sub("", said).count("warning"):
            problems.report("message", f"plug of {nic} said {said!r}")
        self.got(nic, after)
        if self.random.random() < 0.4:  # libvirt refuses it
            self.let_go(nic)
            self.check_done("refused plug", run_hook("after_nic_hotplug_fail", after, vm), vm)
        else:
            self.vms[vm].append(nic)
            self.plugged(nic)
            self.check_done("after_nic_hotplug", run_hook("after_nic_hotplug", after, vm), vm)
        self.check_records(vm, self.vms[vm])

    def unplug(self):
        vm = self.random.choice(sorted(self.vms))
        if not self.vms[vm]:
            return
        nic = self.vms[vm].pop(self.random.randrange(len(self.vms[vm])))
        self.let_go(nic)
        # VDSM makes it anew, and the case of the MAC may be another.
        remade = nic.interface(nic.mac.upper())
        self.check_done("unplug", run_hook("after_nic_hotunplug", remade, vm), vm)
        self.check_records(vm, self.vms[vm])

    def come_late(self):
        """The end of a VM, or of a vNIC, that is told once more: the VF may be another's by now."""
        vm = self.random.choice(self.idle)
        nic = self.new_nic(vm, 0)
        if self.random.random() < 0.5:
            self.check_done("late destroy", run_hook("after_vm_destroy", domain(vm, [nic]), vm), vm)
        else:
            self.check_done("late unplug", run_hook("after_nic_hotunplug", nic.interface(), vm), vm)

    def check_all(self):
        for nics in self.vms.values():
            for nic in nics:
                self.check(nic)

    def choose(self):
        steps = [self.check_all]
        if self.idle:
            steps += [self.start_vm, self.start_vm, self.start_half, self.come_late]
        if self.vms:
            steps += [self.plug, self.plug, self.unplug, self.destroy_vm]
        return self.random.choice(steps)

    def work(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.choose()()

    def fill(self):
        """As many vNICs in one VM as a network has VFs; each network has a worker that does."""
        networks = sorted(self.host.networks)[self.number :][:1]
        for network in networks:
            pfs = self.host.networks[network][1]
            count = sum(pf in pfs for pf, _ in self.host.where.values())
            vm = self.idle.pop()
            self.start_vm_with(vm, [self.new_nic(vm, i, network) for i in range(count)])

    def end_all(self):
        for vm in sorted(self.vms):
            self.destroy_vm(vm)


def check_host(host):
    """No hook runs now: all VFs, all records."""
    now = host.look()
    nics = {vf: claims.owners.get(vf) for vf in host.where}
    for vf, nic in nics.items():
        expected = nic.expected(host) if nic else host.before[vf]
        if not nic and now[vf]["mac"] == "00:00:00:00:00:00":
            # Nobody set one, now and then: igb shows what the VF's driver said last, and that is told no more
            # by a VF that is down below a PF that was reset.
            expected = {**expected, "mac": now[vf]["mac"]}
        if now[vf] != expected:
            found = f"{vf} ({nic or 'free'}) should have {expected}, the PF shows {now[vf]}"
            problems.report("settings", found)
    found = sorted(name for name in os.listdir(LEDGER) if "@" in name)
    expected = sorted(f"{vf}@{nic.vm}" for vf, nic in nics.items() if nic)
    if found != expected:
        problems.report("ledger", f"the ledger has {found} and not {expected}")


def together(workers, step, host):
    """Each worker in a thread of its own; then, when they are through, a look at all that there is."""

    def safely(worker):
        try:
            step(worker)
        except Exception as error:  # pylint: disable=broad-except
            problems.report("test", f"worker {worker.number}: {error!r}")

    threads = [threading.Thread(target=safely, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check_host(host)


def main():
    seed, seconds, count, *networks = sys.argv[1:]
    host = Host(networks)
    workers = [Worker(number, seed, host) for number in range(int(count))]
    for _ in range(ROUNDS):
        together(workers, lambda worker: worker.work(int(seconds) / ROUNDS), host)
    together(workers, Worker.end_all, host)
    together(workers, Worker.fill, host)
    if len(claims.owners) != len(host.where):
        problems.report("lost", f"of {len(host.where)} VFs only {len(claims.owners)} could be had")
    together(workers, Worker.end_all, host)
    hooks = sum(count for what, count in problems.done.items() if re.match("(before|after)_", what))
    done = ", ".join(f"{count} {what}" for what, count in sorted(problems.done.items()))
    print(f"# {hooks} hooks: {done}")


main()
