/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan_support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vfpt_error err;
struct vfpt_session session = VFPT_SESSION_CLOSED;
struct driver drivers[4];
struct vfpt_requests requests;
struct vfpt_plan *plan;
struct vfpt_assignment assignment;
const char *said;

const struct vfpt_mac mac_aa = {{0x56, 0x6f, 0x1a, 0x2b, 0, 0xaa}};
const struct vfpt_mac mac_bb = {{0x56, 0x6f, 0x1a, 0x2b, 0, 0xbb}};

/* --- libvirt's place is taken by this -------------------------------------------------------- */

int libvirt_answer;
const char *libvirt_runs;

int __wrap_libvirt_active(unsigned seconds, char (**uuids)[VFPT_VM_SIZE], size_t *count);

int __wrap_libvirt_active(unsigned seconds, char (**uuids)[VFPT_VM_SIZE], size_t *count)
{
	ck_assert_uint_eq(seconds, LONG);
	*uuids = NULL;
	*count = 0;
	if (libvirt_answer == 0 && libvirt_runs) {
		*uuids = malloc(sizeof(**uuids));
		ck_assert_ptr_nonnull(*uuids);
		memcpy(**uuids, libvirt_runs, VFPT_VM_SIZE);
		*count = 1;
	}
	return libvirt_answer;
}

/* --- drivers --------------------------------------------------------------------------------- */

uint64_t mac_at_first(unsigned pf, unsigned vf)
{
	return UINT64_C(0xfe0000000000) + (pf - 1) * 256 + vf;
}

static void setup(void)
{
	requests = (struct vfpt_requests){.count = 0};
	libvirt_answer = 0;
	libvirt_runs = NULL;
	put_directory("proc/1");
	for (unsigned pf = 1; pf <= 3; pf++) {
		drivers[pf] = (struct driver){.ifindex = pf + 1, .next = pf < 3 ? &drivers[pf + 1] : NULL};
		for (unsigned vf = 0; vf < DRIVER_VFS; vf++) {
			struct vfpt_settings *settings = &drivers[pf].vfs[vf];

			vfpt_settings_put(settings, VFPT_MAC, mac_at_first(pf, vf));
			vfpt_settings_put(settings, VFPT_VLAN_PROTOCOL, VFPT_VLAN_8021Q);
			for (enum vfpt_setting i = VFPT_SPOOFCHK; i <= VFPT_LINK_STATE; i++)
				vfpt_settings_put(settings, i, i == VFPT_SPOOFCHK);
		}
	}
	driver_load(&drivers[1]);
}

static void ck_assert_back(unsigned pf, unsigned vf)
{
	const uint64_t *value = drivers[pf].vfs[vf].value;

	for (int i = 0; i < VFPT_SETTING_COUNT; i++) {
		uint64_t at_first = i == VFPT_MAC             ? mac_at_first(pf, vf)
				    : i == VFPT_VLAN_PROTOCOL ? VFPT_VLAN_8021Q
							      : i == VFPT_SPOOFCHK;

		ck_assert_msg(value[i] == at_first, "VF %u of PF %u has %s %#llx, not %#llx", vf, pf,
			vfpt_setting_name((enum vfpt_setting)i), (unsigned long long)value[i],
			(unsigned long long)at_first);
	}
}

void ck_assert_all_back(void)
{
	for (unsigned pf = 1; pf <= 3; pf++)
		for (unsigned vf = 0; vf < DRIVER_VFS; vf++)
			ck_assert_back(pf, vf);
}

const char *set_since(void)
{
	const char *log = text("%s", drivers[1].log);

	drivers[1].log[0] = '\0';
	return log;
}

/* --- the session ----------------------------------------------------------------------------- */

static void forget_plan(void)
{
	vfpt_plan_free(plan);
	plan = NULL;
}

void close_session(void)
{
	forget_plan();
	session.netlink = NULL; /* it is none that could be closed */
	vfpt_session_close(&session);
}

/* As vfpt_session_open() does, but for netlink: the host's own is a captured tree's. */
void open_session(void)
{
	close_session();
	session.root = openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	session.netlink = driver_netlink();
	ck_assert_ok(vfpt_host_open(session.root, NULL, &session.host, &err), err);
	catch_stderr();
	ck_assert_ok(vfpt_session_open(&session, VFPT_TO_ASSIGN, &err), err);
	said = caught_stderr();
	session.config->policy.liveness_timeout = LONG;
}

TCase *plan_case(Suite *suite, const char *name)
{
	TCase *tcase = new_case(suite, name, host_setup);

	tcase_add_checked_fixture(tcase, setup, close_session);
	return tcase;
}

/* --- the host -------------------------------------------------------------------------------- */

static const char *const pf_paths[] = {NULL, PF_1, PF_2, PF_3};

const char *vf_address(unsigned pf, unsigned vf)
{
	/* With igb they go by twos. */
	return text("0000:%02x:%02x.%u", pf, 16 + vf / 4, vf % 4 * 2);
}

const char *vf_path(unsigned pf, unsigned vf)
{
	return text("%svirtfn%u/", pf_paths[pf], vf);
}

const char *owner(const char *address)
{
	struct vfpt_pci vf = pci(address);

	return vfpt_ledger_owner(session.ledger, &vf);
}

void give(unsigned pf, unsigned vf, const char *vm)
{
	put_file(text(LEDGER "/%s@%s", vf_address(pf, vf), vm), "");
}

void put_record(unsigned pf, unsigned vf, const char *network, const struct vfpt_mac *mac, bool over)
{
	struct vfpt_assignment a = {.vm = VM_A, .mac = *mac, .vf = vf, .address = pci(vf_address(pf, vf))};
	struct vfpt_ledger *ledger;

	close_session(); /* which may hold the ledger's lock */
	snprintf(a.pf, sizeof(a.pf), "ens%uf0", pf);
	vfpt_network_name(a.network, network);
	ck_assert_ok(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, LONG, &ledger, &err), err);
	ck_assert_ok(vfpt_ledger_put(ledger, &a, &err), err);
	if (over)
		ck_assert_ok(vfpt_ledger_remove(ledger, &a, true, &err), err);
	vfpt_ledger_close(ledger);
}

void use(unsigned pf, unsigned vf)
{
	static const unsigned first_netdev[] = {0, 0, 7, 14};

	put_link(text("%snet/eth%u/upper_br0", vf_path(pf, vf), first_netdev[pf] + vf), "x");
}

void bind_to_vfio(unsigned pf, unsigned vf)
{
	drop(text("%snet", vf_path(pf, vf)));
	put_link(text("%sdriver", vf_path(pf, vf)), "../../../../bus/pci/drivers/vfio-pci");
}

void put_process(unsigned pid, const char *vm)
{
	char line[64];
	int length = snprintf(line, sizeof(line), "qemu-kvm%c-uuid%c%s", 0, 0, vm);

	put_bytes(text("proc/%u/cmdline", pid), line, (size_t)length + 1);
	put_file(text("proc/%u/status", pid), "Name:\tqemu-kvm\nUid:\t0\t0\t0\t0\n");
}

static void prepare_vf(unsigned pf, unsigned vf, const char *what)
{
	const char *network = pf == 1 ? "blue" : "red";

	if (strcmp(what, "use") == 0)
		use(pf, vf);
	else if (strcmp(what, "last") == 0)
		put_record(pf, vf, network, &mac_aa, true);
	else if (strcmp(what, "other") == 0)
		put_record(pf, vf, network, &mac_bb, true);
	else if (what[0] == 'a')
		put_record(pf, vf, what[1] == '/' ? what + 2 : network, &mac_bb, false);
	else
		give(pf, vf, what[0] == 'b' ? VM_B : VM_C);
}

void prepare(const char *list)
{
	char copy[256], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", list);
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		unsigned pf, vf;
		char what[16];

		if (sscanf(word, "%u.%u=%15s", &pf, &vf, what) == 3) {
			prepare_vf(pf, vf, what);
			continue;
		}
		ck_assert_int_eq(sscanf(word, "%u=%15s", &pf, what), 2);
		if (strcmp(what, "down") == 0)
			put_file(text("%snet/ens%uf0/operstate", pf_paths[pf], pf), "down\n");
		else if (strncmp(what, "node", 4) == 0)
			put_file(text("%snuma_node", pf_paths[pf]), text("%s\n", what + 4));
		else if (strcmp(what, "switchdev") == 0)
			put_file(text("%snet/rep%u/phys_port_name", pf_paths[pf], pf), "pf0vf0\n");
		else
			put_file(text("%ssriov_numvfs", pf_paths[pf]), what);
	}
}

void join_group(const char *function)
{
	put_link(text("sys/bus/pci/devices/%s/iommu_group", function), "../../../../kernel/iommu_groups/11");
	put_link(text(GROUPS "11/devices/%s", function), "../../../../bus/pci/devices/x");
}

/* --- plans ----------------------------------------------------------------------------------- */

struct vfpt_request request_of(const char *bridge)
{
	static uint8_t last;
	struct vfpt_request request = {.bridge = bridge,
		.network = bridge,
		.mac = {{0x56, 0x6f, 0x1a, 0x2b, 1, ++last}},
		.profile = {.passthrough = VFPT_PASSTHROUGH_REQUIRED}};

	strcpy(request.name, "vNIC");
	return request;
}

struct vfpt_request request_by_name(const char *netdev)
{
	struct vfpt_request request = {.profile = {.passthrough = VFPT_PASSTHROUGH_REQUIRED}};

	snprintf(request.netdev, sizeof(request.netdev), "%s", netdev);
	snprintf(request.name, sizeof(request.name), "custom property sriov: %s", netdev);
	return request;
}

/* What plans point to. */
static struct vfpt_vnic vnic;
static struct vfpt_request asked[16];

static int make_plan(const char *vm, const struct vfpt_request *list, size_t count, bool starts,
	const struct vfpt_plan_options *options)
{
	int r;

	forget_plan();
	ck_assert_uint_le(count, ARRAY_SIZE(asked));
	memcpy(asked, list, count * sizeof(*asked));
	requests.starts = starts;
	requests.count = count;
	requests.requests = asked;
	memcpy(requests.vm, vm, sizeof(requests.vm));
	catch_stderr();
	r = vfpt_plan_make(&session, &requests, options, &plan, &err);
	said = caught_stderr();
	return r;
}

int plan_start(const char *vm, const struct vfpt_request *list, size_t count,
	const struct vfpt_plan_options *options)
{
	return make_plan(vm, list, count, true, options);
}

int plan_plug_with(
	const char *vm, const struct vfpt_request *request, const struct vfpt_plan_options *options)
{
	struct vfpt_request plugged = *request;

	vnic = (struct vfpt_vnic){.has_mac = true, .mac = request->mac};
	plugged.vnic = &vnic;
	return make_plan(vm, &plugged, 1, false, options);
}

int plan_plug(const char *vm, const struct vfpt_request *request)
{
	return plan_plug_with(vm, request, NULL);
}

const char *planned(size_t number)
{
	const struct vfpt_vnic_plan *one;

	if (!plan)
		return err.message;
	ck_assert_uint_lt(number, plan->count);
	one = &plan->vnics[number];
	if (one->outcome == VFPT_OUTCOME_VF)
		return text("VF %u of %s", one->assignment.vf, one->assignment.pf);
	/* Where it is not for this vNIC's sake that none gets one. */
	return one->why.code == VFPT_OK ? plan->failure.message : one->why.message;
}

static const char *step_text(const struct vfpt_step *step)
{
	char value[VFPT_SETTING_SIZE];

	switch (step->kind) {
	case VFPT_STEP_CLEAR_MAC:
		return text("clear %s %u mac %s\n", step->pf->name, step->vf,
			vfpt_setting_print(VFPT_MAC, step->value, value));
	case VFPT_STEP_RECORD:
		return text("record %u\n", step->vf);
	case VFPT_STEP_HOLD_LINK:
		return text("hold %u\n", step->vf);
	case VFPT_STEP_MTU:
		return text("mtu %u %llu\n", step->vf, (unsigned long long)step->value);
	case VFPT_STEP_DEFAULT:
	case VFPT_STEP_SET:
		break;
	}
	return text("%s %u %s %s\n", step->kind == VFPT_STEP_SET ? "set" : "default", step->vf,
		vfpt_setting_name(step->setting), vfpt_setting_print(step->setting, step->value, value));
}

const char *steps(size_t number)
{
	const char *lines = "";

	ck_assert_uint_lt(number, plan->count);
	for (size_t i = 0; i < plan->vnics[number].step_count; i++)
		lines = text("%s%s", lines, step_text(&plan->vnics[number].steps[i]));
	return lines;
}

/* --- doing it -------------------------------------------------------------------------------- */

int apply(void)
{
	size_t failed;
	int r;

	catch_stderr();
	r = vfpt_apply(&session, plan, &failed, &err);
	said = caught_stderr();
	for (size_t i = 0; r == 0 && i < plan->count; i++)
		if (plan->vnics[i].outcome == VFPT_OUTCOME_VF)
			assignment = plan->vnics[i].assignment;
	return r;
}

void undo(void)
{
	catch_stderr();
	vfpt_apply_undo(&session, plan);
	said = caught_stderr();
}

const char *plug_request(const char *vm, const struct vfpt_request *request)
{
	if (plan_plug(vm, request) == 0 && plan->vnics[0].outcome == VFPT_OUTCOME_VF)
		ck_assert_ok(apply(), err);
	return planned(0);
}

const char *plug(const char *vm, const char *bridge)
{
	const struct vfpt_request request = request_of(bridge);

	return plug_request(vm, &request);
}

const char *refusal(const char *vm, const struct vfpt_request *request, enum vfpt_code code)
{
	const char *before = picture(LEDGER), *why;
	int r = plan_plug(vm, request);

	why = planned(0);
	if (r == 0) {
		ck_assert_int_eq(plan->vnics[0].outcome, VFPT_OUTCOME_FAIL);
		ck_assert_uint_eq(plan->vnics[0].step_count, 0);
		err = plan->vnics[0].why;
	}
	ck_assert_msg(err.code == code, "code is %d, not %d: %s", err.code, code, why);
	ck_assert_str_eq(picture(LEDGER), before);
	return why;
}

int release(void)
{
	int r;

	catch_stderr();
	r = vfpt_release(&session, &assignment, true, &err);
	said = caught_stderr();
	return r;
}
