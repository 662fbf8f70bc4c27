/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "vfpt/assign.h"
#include "vfpt/domain.h"
#include "vfpt/inuse.h"
#include "vfpt/profile.h"

extern char **environ;

/* All that one run of a hook has open. */
struct vfpt_hook {
	const struct vfpt_hook_point *point;
	bool test;        /* --test: show, change nothing */
	int root;         /* directory descriptor of / or VFPT_ROOT */
	bool captured;    /* VFPT_ROOT: settings are printed, not applied */
	const char *path; /* of the document; NULL: the sample */
	mode_t mode;      /* the document's mode and owner */
	uid_t uid;
	gid_t gid;
	char *text; /* the document as it was read */
	size_t size;
	struct vfpt_domain *document;
	char vm[VFPT_VM_SIZE];
	bool changed; /* the document has to be written */
	struct vfpt_netlink *netlink;
	struct vfpt_host *host;
	struct vfpt_ledger *ledger;
	struct vfpt_transaction transaction;
};

/* What --test shows when it is given no document. */
static const char sample_interface[] = "<interface type=\"bridge\">\n"
				       "  <mac address=\"56:6f:1a:2b:00:01\"/>\n"
				       "  <model type=\"virtio\"/>\n"
				       "  <source bridge=\"ovirtmgmt\"/>\n"
				       "</interface>\n";
static const char sample_domain[] =
	"<domain type=\"kvm\" xmlns:ovirt-vm=\"" VFPT_OVIRT_NAMESPACE "\">\n"
	"  <uuid>00000000-0000-0000-0000-000000000000</uuid>\n"
	"  <metadata>\n"
	"    <ovirt-vm:vm>\n"
	"      <ovirt-vm:device mac_address=\"56:6f:1a:2b:00:01\">\n"
	"        <ovirt-vm:network>ovirtmgmt</ovirt-vm:network>\n"
	"        <ovirt-vm:custom><ovirt-vm:passthrough>required</ovirt-vm:passthrough>"
	"</ovirt-vm:custom>\n"
	"      </ovirt-vm:device>\n"
	"    </ovirt-vm:vm>\n"
	"  </metadata>\n"
	"  <devices>\n"
	"    <interface type=\"bridge\">\n"
	"      <mac address=\"56:6f:1a:2b:00:01\"/>\n"
	"      <model type=\"virtio\"/>\n"
	"      <source bridge=\"ovirtmgmt\"/>\n"
	"    </interface>\n"
	"  </devices>\n"
	"</domain>\n";

/* --- begin ----------------------------------------------------------------------------------- */

/*
 * With a file capability (or setuid) the kernel sets AT_SECURE: then only root and VDSM may use what the
 * program can do. Without, the caller has what it has.
 */
static int check_caller(struct vfpt_error *err)
{
	if (getauxval(AT_SECURE) && getuid() != 0 && getuid() != VFPT_VDSM_UID)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"only root and user vdsm (uid %d) may run this program, not uid %u; try a copy "
			"without file capability",
			VFPT_VDSM_UID, (unsigned)getuid());
	return 0;
}

static void help(const struct vfpt_hook_point *point)
{
	printf("Usage: %s                    as VDSM runs it: _hook_domxml names the document%s\n"
	       "       %s --test [DOCUMENT]  print the document before and after on this host, change "
	       "nothing\n"
	       "       %s --help\n"
	       "\n"
	       "%s\n"
	       "\n"
	       "Environment: _hook_domxml  file with the %s\n"
	       "             vmId          the VM's UUID%s\n"
	       "             VFPT_ROOT     take this directory for / and only print the settings (by hand)\n"
	       "Exit status: 0 fine, 1 failed, 2 failed and no other script of this hook point shall run.\n",
		point->name, point->nic ? ", vmId the VM" : "", point->name, point->name, point->summary,
		point->nic ? "vNIC's <interface>" : "<domain>", point->nic ? "" : " (default: the domain's)");
}

/* @return 1 when --help is answered */
static int read_options(struct vfpt_hook *hook, int argc, char **argv, struct vfpt_error *err)
{
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		help(hook->point);
		return 1;
	}
	if ((argc == 2 || argc == 3) && strcmp(argv[1], "--test") == 0) {
		hook->test = true;
		hook->path = argc == 3 ? argv[2] : NULL;
		return 0;
	}
	if (argc > 1)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "%s: unknown argument \"%.40s\"; see --help",
			hook->point->name, argv[1]);
	/* Not secure_getenv(): VDSM hands the document over this way, file capability or not. */
	hook->path = getenv("_hook_domxml");
	if (!hook->path || !hook->path[0])
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"%s: _hook_domxml is not set, it names the document; to try the hook by hand, use "
			"--test",
			hook->point->name);
	return 0;
}

static int read_bytes(struct vfpt_hook *hook, int fd, size_t room, struct vfpt_error *err)
{
	ssize_t got;

	hook->text = malloc(room + 1);
	if (!hook->text)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "document");
	while ((got = read(fd, hook->text + hook->size, room - hook->size)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return vfpt_error_errno(
				err, VFPT_BAD_INPUT, errno, "cannot read the document %s", hook->path);
		hook->size += (size_t)got;
	}
	hook->text[hook->size] = '\0';
	return 0;
}

static int read_file(struct vfpt_hook *hook, struct vfpt_error *err)
{
	int links = hook->test ? 0 : O_NOFOLLOW;
	int fd = open(hook->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | links);
	struct stat status = {0};
	int r = -1;

	if (fd < 0)
		return vfpt_error_errno(
			err, VFPT_BAD_INPUT, errno, "cannot open the document %s", hook->path);
	if (fstat(fd, &status) < 0)
		vfpt_error_errno(err, VFPT_BAD_INPUT, errno, "cannot read the document %s", hook->path);
	else if (!S_ISREG(status.st_mode))
		vfpt_error_set(err, VFPT_BAD_INPUT, "the document %s is not a regular file", hook->path);
	else if (status.st_size > VFPT_DOCUMENT_MAX)
		vfpt_error_set(err, VFPT_BAD_INPUT, "the document %s is larger than %u MiB", hook->path,
			VFPT_DOCUMENT_MAX >> 20);
	else
		/* One byte more shows the end of the file. */
		r = read_bytes(hook, fd, (size_t)status.st_size + 1, err);
	hook->mode = status.st_mode & 07777;
	hook->uid = status.st_uid;
	hook->gid = status.st_gid;
	close(fd);
	return r;
}

static int read_document(struct vfpt_hook *hook, struct vfpt_error *err)
{
	if (hook->path) {
		if (read_file(hook, err) < 0)
			return -1;
	} else {
		hook->text = strdup(hook->point->nic ? sample_interface : sample_domain);
		if (!hook->text)
			return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "document");
		hook->size = strlen(hook->text);
	}
	if (vfpt_domain_parse(hook->text, hook->size, &hook->document, err) < 0)
		return hook->path ? vfpt_error_wrap(err, "%s", hook->path) : -1;
	if (vfpt_domain_is_interface(hook->document) != hook->point->nic)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "%s: the document is not %s", hook->point->name,
			hook->point->nic ? "an <interface>" : "a <domain>");
	return 0;
}

static int read_vm(struct vfpt_hook *hook, struct vfpt_error *err)
{
	const char *vm = getenv("vmId"); /* not secure_getenv(): see read_options() */

	if ((!vm || !vm[0]) && !hook->point->nic)
		vm = vfpt_domain_uuid(hook->document);
	if ((!vm || !vm[0]) && hook->test)
		vm = "00000000-0000-0000-0000-000000000000";
	if (!vm || !vm[0])
		return vfpt_error_set(err, VFPT_BAD_INPUT, "%s: no VM id: vmId is not set%s",
			hook->point->name, hook->point->nic ? "" : " and the domain has no <uuid>");
	return vfpt_vm_parse(vm, hook->vm, err);
}

static int open_root(struct vfpt_hook *hook, struct vfpt_error *err)
{
	const char *path = secure_getenv("VFPT_ROOT");

	hook->captured = path && path[0];
	if (!hook->captured)
		path = "/";
	hook->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (hook->root < 0)
		return vfpt_error_errno(
			err, VFPT_BAD_INPUT, errno, "cannot open the root directory %s", path);
	return 0;
}

/* @return 0 to go on, 1 when the command line is answered already (--help), -1 with @err filled in */
static int begin(struct vfpt_hook *hook, int argc, char **argv, struct vfpt_error *err)
{
	int r;

	if (check_caller(err) < 0 || (r = read_options(hook, argc, argv, err)) < 0)
		return -1;
	if (r > 0)
		return r;
	return read_document(hook, err) < 0 || read_vm(hook, err) < 0 ? -1 : 0;
}

/* --- what both ways need --------------------------------------------------------------------- */

/* Opened only when there is something to do. */
static int open_host(struct vfpt_hook *hook, enum vfpt_ledger_mode mode, struct vfpt_error *err)
{
	if (hook->host)
		return 0;
	if (hook->test)
		mode = VFPT_LEDGER_DRY;
	if (open_root(hook, err) < 0 || (!hook->captured && vfpt_netlink_open(&hook->netlink, err) < 0) ||
		vfpt_host_open(hook->root, hook->netlink, &hook->host, err) < 0 ||
		vfpt_ledger_open(hook->root, mode, &hook->ledger, err) < 0)
		return -1;
	hook->transaction = (struct vfpt_transaction){
		.host = hook->host, .ledger = hook->ledger, .netlink = hook->test ? NULL : hook->netlink};
	return 0;
}

/* Is this assignment the vNIC's? @alias decides where several have its MAC. */
static bool is_of_vnic(const struct vfpt_assignment *all, size_t count, const struct vfpt_assignment *one,
	const struct vfpt_vnic *vnic)
{
	if (!vfpt_mac_equal(&one->mac, &vnic->mac))
		return false;
	if (!vnic->alias || strcmp(one->alias, vnic->alias) == 0)
		return true;
	/* User aliases are for good (libvirt's own, "hostdev0", are not): two of them are two vNICs. */
	if (strncmp(vnic->alias, "ua-", 3) == 0 && strncmp(one->alias, "ua-", 3) == 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (vfpt_mac_equal(&all[i].mac, &vnic->mac) && strcmp(all[i].alias, vnic->alias) == 0)
			return false;
	return true;
}

/* What is done with one assignment. */
typedef int assignment_step(
	struct vfpt_hook *hook, const struct vfpt_assignment *assignment, struct vfpt_error *err);

/*
 * Do it with all assignments of this VM, @vnic NULL, or with those of one vNIC. All are tried; the error is
 * the first one's, the others are warnings.
 */
static int with_each(
	struct vfpt_hook *hook, const struct vfpt_vnic *vnic, assignment_step *step, struct vfpt_error *err)
{
	struct vfpt_assignment *all;
	struct vfpt_error second;
	size_t count, corrupt;
	int r = 0;

	if (vfpt_ledger_of_vm(hook->ledger, hook->vm, &all, &count, &corrupt, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		char mac[VFPT_MAC_SIZE];
		struct vfpt_error *slot = r < 0 ? &second : err;

		if (vnic && !is_of_vnic(all, count, &all[i], vnic))
			continue;
		if (step(hook, &all[i], slot) == 0)
			continue;
		vfpt_error_wrap(slot, "vNIC %s", vfpt_mac_format(&all[i].mac, mac));
		if (r < 0)
			vfpt_warn("%s", second.message);
		r = -1;
	}
	free(all);
	return r;
}

static int release_one(
	struct vfpt_hook *hook, const struct vfpt_assignment *assignment, struct vfpt_error *err)
{
	char reason[VFPT_REASON_SIZE];
	bool taken = false;

	/* What a killed hook left was never plugged: a VF that is in use is this vNIC's, plugged before. */
	if (hook->point->nic && !hook->point->after &&
		vfpt_inuse(hook->host, &assignment->address, &taken, reason, err) < 0)
		return -1;
	if (taken)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "it is plugged already, on VF %u of %s (%s)",
			assignment->vf, assignment->pf, reason);
	if (vfpt_release(hook->host, hook->ledger, hook->transaction.netlink, assignment, err) == 0)
		return 0;
	return vfpt_error_wrap(err, "cannot give back VF %u of %s", assignment->vf, assignment->pf);
}

static int finish_one(
	struct vfpt_hook *hook, const struct vfpt_assignment *assignment, struct vfpt_error *err)
{
	return vfpt_assign_finish(hook->host, hook->transaction.netlink, assignment, err);
}

/* --- connect --------------------------------------------------------------------------------- */

/* At nic points the properties are in the environment, among all else that is there. */
static int read_environment(struct vfpt_profile *profile, bool passthrough, struct vfpt_error *err)
{
	for (char **entry = environ; *entry; entry++) {
		char name[64];
		size_t length = strcspn(*entry, "=");

		if (length >= sizeof(name) || !(*entry)[length])
			continue; /* none of ours is that long */
		memcpy(name, *entry, length);
		name[length] = '\0';
		if ((strcmp(name, "passthrough") == 0) == passthrough &&
			vfpt_profile_set(profile, name, *entry + length + 1, err) < 0)
			return -1;
	}
	return 0;
}

static int read_metadata(
	const struct vfpt_vnic *vnic, struct vfpt_profile *profile, bool passthrough, struct vfpt_error *err)
{
	for (size_t i = 0; i < vnic->property_count; i++)
		if ((strcmp(vnic->properties[i].name, "passthrough") == 0) == passthrough &&
			vfpt_profile_set(profile, vnic->properties[i].name, vnic->properties[i].value, err) <
				0)
			return -1;
	return 0;
}

/* The property `passthrough` alone, or all others, which count only with it. */
static int read_properties(const struct vfpt_hook *hook, const struct vfpt_vnic *vnic,
	struct vfpt_profile *profile, bool passthrough, struct vfpt_error *err)
{
	return hook->point->nic ? read_environment(profile, passthrough, err)
				: read_metadata(vnic, profile, passthrough, err);
}

static int read_profile(const struct vfpt_hook *hook, const struct vfpt_vnic *vnic,
	struct vfpt_profile *profile, struct vfpt_error *err)
{
	*profile = (struct vfpt_profile){0};
	if (read_properties(hook, vnic, profile, true, err) < 0)
		return -1;
	if (hook->test && !hook->path)
		profile->passthrough = VFPT_PASSTHROUGH_REQUIRED;
	return profile->passthrough == VFPT_PASSTHROUGH_OFF
		       ? 0
		       : read_properties(hook, vnic, profile, false, err);
}

/* Can this vNIC be passed through at all? */
static int qualify(const struct vfpt_vnic *vnic, struct vfpt_error *err)
{
	if (!vnic->element)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"it is in the metadata only, no <interface> has this MAC; its interface must have "
			"one");
	if (!vnic->has_mac)
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "it has no valid MAC address; give it one in the engine");
	if (!vnic->type || strcmp(vnic->type, "bridge") != 0)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"its interface is of type %.20s; passthrough=required goes with a vNIC on a bridge "
			"(no passthrough in "
			"the vNIC profile itself)",
			vnic->type ? vnic->type : "(none)");
	if (!vnic->model || strcmp(vnic->model, "virtio") != 0)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"its model is %.20s; only virtio vNICs are passed through: set its type to VirtIO in "
			"the engine",
			vnic->model ? vnic->model : "(none)");
	/* The bridge of an empty network: vdsm, lib/vdsm/network/api.py, DUMMY_BRIDGE. */
	if (!vnic->bridge || strcmp(vnic->bridge, ";vdsmdummy;") == 0)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "it has no network; give it one in the engine");
	return 0;
}

/* A VF has no tap: what cannot be kept is said, not silently lost. */
static void warn_of_losses(const struct vfpt_vnic *vnic, const struct vfpt_profile *profile,
	const struct vfpt_assigned *assigned)
{
	char name[96];

	vfpt_vnic_name(vnic, name, sizeof(name));
	if (!assigned->pf_up)
		vfpt_warn("%s: PF %s has no link; nothing passes until it is up", name,
			assigned->assignment.pf);
	if (assigned->gap)
		vfpt_warn("%s: %s cannot hold the link down, so until the VM runs its VLAN priority or "
			  "protocol is not set "
			  "(vfpt.conf allows it)",
			name, assigned->assignment.pf);
	if (vnic->link_down && !vfpt_settings_have(&profile->settings, VFPT_LINK_STATE))
		vfpt_warn("%s: link state down is not kept on a VF by this version", name);
	if (vnic->has_bandwidth && !vfpt_settings_have(&profile->settings, VFPT_MAX_TX_RATE))
		vfpt_warn("%s: its bandwidth limits are not kept on a VF by this version", name);
	if (profile->unsupported[0])
		vfpt_warn("%s: custom property %s is not supported by this version and is ignored", name,
			profile->unsupported);
}

static int connect_vnic(struct vfpt_hook *hook, const struct vfpt_vnic *vnic,
	const struct vfpt_profile *profile, unsigned more, struct vfpt_error *err)
{
	struct vfpt_request request = {.vm = hook->vm,
		.mac = vnic->mac,
		.alias = vnic->alias,
		.bridge = vnic->bridge,
		.mtu = vnic->mtu,
		.settings = profile->settings,
		.more = more};
	struct vfpt_assigned assigned;

	if (qualify(vnic, err) < 0 || vfpt_assign(&hook->transaction, &request, &assigned, err) < 0)
		return -1;
	if (vfpt_domain_pass_through(hook->document, vnic, &assigned.assignment.address,
		    (uint16_t)assigned.assignment.wanted.value[VFPT_VLAN_ID], err) < 0)
		return -1;
	hook->changed = true;
	warn_of_losses(vnic, profile, &assigned);
	return 0;
}

static int start_connecting(struct vfpt_hook *hook, const struct vfpt_vnic *vnic, struct vfpt_error *err)
{
	struct vfpt_policy policy;

	if (hook->host)
		return 0;
	if (open_host(hook, VFPT_LEDGER_ASSIGN, err) < 0 || vfpt_policy_read(hook->root, &policy, err) < 0)
		return -1;
	hook->transaction.gap_allowed = policy.gap_allowed;
	/* The VM is not running yet (or not with this vNIC): what it still has is left over from a killed
	 * hook. */
	if (with_each(hook, hook->point->nic ? vnic : NULL, release_one, err) < 0)
		return vfpt_error_wrap(err, "left over from this VM's last run");
	return 0;
}

static int connect_or_stay(struct vfpt_hook *hook, const struct vfpt_vnic *vnic,
	const struct vfpt_profile *profile, unsigned more, struct vfpt_error *err)
{
	char name[96];

	vfpt_vnic_name(vnic, name, sizeof(name));
	if (start_connecting(hook, vnic, err) < 0)
		return vfpt_error_wrap(err, "%s", name);
	if (connect_vnic(hook, vnic, profile, more, err) == 0)
		return 0;
	vfpt_error_wrap(err, "%s", name);
	if (profile->passthrough != VFPT_PASSTHROUGH_PREFERRED || err->code == VFPT_SYSTEM)
		return -1;
	vfpt_warn("%s; it stays on its bridge (passthrough=preferred)", err->message);
	return 0;
}

/* vNICs behind number @from that ask for passthrough on the same bridge. */
static unsigned still_to_come(
	const struct vfpt_vnic *vnics, const struct vfpt_profile *profiles, size_t count, size_t from)
{
	unsigned more = 0;

	for (size_t i = from + 1; i < count; i++)
		more += profiles[i].passthrough != VFPT_PASSTHROUGH_OFF && vnics[i].bridge &&
			vnics[from].bridge && strcmp(vnics[i].bridge, vnics[from].bridge) == 0;
	return more;
}

static int connect_all(struct vfpt_hook *hook, const struct vfpt_vnic *vnics, size_t count,
	struct vfpt_profile *profiles, struct vfpt_error *err)
{
	char name[96];

	for (size_t i = 0; i < count; i++)
		if (read_profile(hook, &vnics[i], &profiles[i], err) < 0)
			return vfpt_error_wrap(err, "%s", vfpt_vnic_name(&vnics[i], name, sizeof(name)));
	for (size_t i = 0; i < count; i++)
		if (profiles[i].passthrough != VFPT_PASSTHROUGH_OFF &&
			connect_or_stay(hook, &vnics[i], &profiles[i],
				still_to_come(vnics, profiles, count, i), err) < 0)
			return -1;
	return vfpt_transaction_check(&hook->transaction, hook->vm, err);
}

int vfpt_hook_connect(struct vfpt_hook *hook, struct vfpt_error *err)
{
	const struct vfpt_vnic *vnics;
	size_t count = vfpt_domain_vnics(hook->document, &vnics);
	struct vfpt_profile *profiles = calloc(count + 1, sizeof(*profiles));
	int r;

	if (!profiles)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "document");
	r = connect_all(hook, vnics, count, profiles, err);
	free(profiles);
	return r;
}

/* --- what follows ---------------------------------------------------------------------------- */

/* The VM's assignments, or those of the document's vNIC, which may be bridge-type again: it is known by its
 * MAC. */
static int follow_up(struct vfpt_hook *hook, assignment_step *step, struct vfpt_error *err)
{
	const struct vfpt_vnic *vnics;
	size_t count = vfpt_domain_vnics(hook->document, &vnics);
	char name[96];

	if (!hook->point->nic)
		return open_host(hook, VFPT_LEDGER_RELEASE, err) < 0 ? -1 : with_each(hook, NULL, step, err);
	if (count == 0 || !vnics[0].has_mac)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"%s: the vNIC has no valid MAC address, so its VF cannot be found",
			hook->point->name);
	if (open_host(hook, VFPT_LEDGER_RELEASE, err) < 0)
		return vfpt_error_wrap(err, "%s", vfpt_vnic_name(&vnics[0], name, sizeof(name)));
	return with_each(hook, &vnics[0], step, err);
}

int vfpt_hook_release(struct vfpt_hook *hook, struct vfpt_error *err)
{
	return follow_up(hook, release_one, err);
}

int vfpt_hook_finish(struct vfpt_hook *hook, struct vfpt_error *err)
{
	return follow_up(hook, finish_one, err);
}

/* --- commit and end -------------------------------------------------------------------------- */

/* The new file has the mode and owner of the old before it has its name. */
static int like_the_old(const struct vfpt_hook *hook, int fd)
{
	if ((hook->uid != geteuid() || hook->gid != getegid()) && fchown(fd, hook->uid, hook->gid) < 0)
		return -1;
	return fchmod(fd, hook->mode);
}

static int replace(const struct vfpt_hook *hook, const char *text, size_t size, struct vfpt_error *err)
{
	char *path;
	int fd, saved, r = -1;

	if (asprintf(&path, "%s.vfpt-XXXXXX", hook->path) < 0)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "document");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0 && like_the_old(hook, fd) < 0) {
		saved = errno;
		close(fd);
		errno = saved;
	} else if (fd >= 0 && file_write_and_close(fd, text, size) == 0) {
		r = rename(path, hook->path);
	}
	if (r < 0) {
		saved = errno;
		if (fd >= 0)
			(void)unlink(path);
		vfpt_error_errno(err, VFPT_SYSTEM, saved, "cannot write the document %s", hook->path);
		vfpt_error_remedy(err, "make room and see that VDSM's user can write in its directory");
	}
	free(path);
	return r < 0 ? -1 : 0;
}

static int show(const struct vfpt_hook *hook, struct vfpt_error *err)
{
	char *text;
	size_t size;

	if (vfpt_domain_print(hook->document, &text, &size, err) < 0)
		return -1;
	printf("--- before\n%s%s--- after\n%s", hook->text,
		hook->size && hook->text[hook->size - 1] == '\n' ? "" : "\n",
		hook->changed ? text : hook->text);
	free(text);
	return 0;
}

/* For VDSM's log, once all is done. */
static void tell(const struct vfpt_transaction *transaction)
{
	for (size_t i = 0; i < transaction->count; i++) {
		const struct vfpt_assigned *made = &transaction->made[i];
		char mac[VFPT_MAC_SIZE], address[VFPT_PCI_SIZE];

		vfpt_note("vfpt: vNIC %s: VF %u of %s (%s), VLAN %u",
			vfpt_mac_format(&made->assignment.mac, mac), made->assignment.vf, made->assignment.pf,
			vfpt_pci_format(&made->assignment.address, address),
			(unsigned)made->assignment.wanted.value[VFPT_VLAN_ID]);
	}
}

static int commit(struct vfpt_hook *hook, struct vfpt_error *err)
{
	char *text;
	size_t size;
	int r;

	if (hook->test)
		return show(hook, err);
	if (!hook->changed)
		return 0;
	if (vfpt_domain_print(hook->document, &text, &size, err) < 0)
		return -1;
	r = replace(hook, text, size, err);
	free(text);
	if (r < 0)
		return -1;
	tell(&hook->transaction);
	vfpt_transaction_commit(&hook->transaction);
	return 0;
}

static int exit_code(const struct vfpt_hook *hook, int result, const struct vfpt_error *err)
{
	if (result >= 0)
		return VFPT_EXIT_FINE;
	return hook->point->after && err->code != VFPT_BAD_INPUT ? VFPT_EXIT_FAILED : VFPT_EXIT_STOP;
}

static int end(struct vfpt_hook *hook, int result, const struct vfpt_error *err)
{
	if (result < 0 && !hook->point->after)
		__fpurge(stderr); /* of what is being undone nothing is worth a line beside the error's */
	if (hook->transaction.ledger && !hook->test)
		vfpt_transaction_undo(&hook->transaction);
	vfpt_transaction_commit(&hook->transaction);
	vfpt_ledger_close(hook->ledger);
	vfpt_host_free(hook->host);
	vfpt_netlink_close(hook->netlink);
	vfpt_domain_free(hook->document);
	free(hook->text);
	if (hook->root >= 0)
		close(hook->root);
	if (result < 0)
		vfpt_error_print(err);
	return exit_code(hook, result, err);
}

int vfpt_hook_run(const struct vfpt_hook_point *point, int argc, char **argv)
{
	struct vfpt_hook hook = {.point = point, .root = -1};
	struct vfpt_error error;
	int r;

	/* Nobody may be reading our stderr any more; that must not end us half-way. */
	signal(SIGPIPE, SIG_IGN);
	/* VDSM shows all of stderr when a hook fails: what is said before is held back until it is known, see
	 * end(). */
	setvbuf(stderr, NULL, _IOFBF, BUFSIZ * 8);
	r = begin(&hook, argc, argv, &error);
	if (r == 0)
		r = point->step(&hook, &error);
	if (r == 0)
		r = commit(&hook, &error);
	return end(&hook, r, &error);
}
