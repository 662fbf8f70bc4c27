/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the hooks leave behind when they are killed, when a system call fails, when there is no memory.
 *
 *     fault KIND DIRECTORY HOOK...
 *
 * DIRECTORY, empty, is for the document; each HOOK is a program of that name, or .../NAME/50_vfpt. The host
 * is $VFPT_ROOT or, in the lab, the machine itself. KIND:
 *
 *     kill          SIGKILL at the 1st, 2nd, ... last system call
 *     fail          each system call that can fail fails once with each of its errors
 *     fail-netlink  those of them that a captured host does not see, with two errors: the lab is slow
 *     memory        the 1st, 2nd, ... last allocation fails ($VFPT_NOMEM_LIBRARY is preloaded)
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "place.h"
#include "trace.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* --- scenes: what a hook finds --------------------------------------------------------------- */

struct scene {
	const char *point;
	const char *what;   /* beside that */
	const char *before; /* the hook point that runs first */
	bool anew;          /* then the document is again what the engine wrote; else what that hook wrote */
	bool refused;       /* its last vNIC gets no VF, so the hook undoes what it did for the others */
	bool later;         /* what it does not do now it does next time: it may succeed all the same */
	bool native;        /* not in the lab, which is slow: another scene goes the same way */
};

static const struct scene scenes[] = {
	{"before_vm_start", "", .before = NULL},
	{"before_vm_start", " after a killed one", .before = "before_vm_start", .anew = true, .native = true},
	{"before_vm_start", " that undoes", .refused = true},
	{"after_vm_start", "", .before = "before_vm_start"},
	{"after_vm_destroy", "", .before = "before_vm_start"},
	{"before_nic_hotplug", "", .before = NULL},
	{"before_nic_hotplug", " after a killed one", .before = "before_nic_hotplug", .anew = true,
		.native = true},
	{"before_vdsm_start", "", .before = "before_vm_start", .later = true},
	{"before_vm_migrate_source", "", .before = NULL},
	{"after_nic_hotplug", "", .before = "before_nic_hotplug"},
	{"after_nic_hotplug_fail", "", .before = "before_nic_hotplug"},
	{"after_nic_hotunplug", "", .before = "before_nic_hotplug", .anew = true},
};

static bool is_nic(const char *point)
{
	return strstr(point, "_nic_");
}

/* Does the hook of that point give VFs away? */
static bool is_connecting(const char *point)
{
	return strcmp(point, "before_vm_start") == 0 || strcmp(point, "before_nic_hotplug") == 0;
}

static const char *connecting(const char *point)
{
	return is_nic(point) ? "before_nic_hotplug" : "before_vm_start";
}

static char *vm, *vm_refused, *nic; /* documents as the engine writes them */

static const char *document_of(const struct scene *scene)
{
	return is_nic(scene->point) ? nic : scene->refused ? vm_refused : vm;
}

static char *sample(const char *name)
{
	const char *data = getenv("VFPT_TEST_DATA");
	char path[4096], *text = calloc(1, 1 << 16);
	FILE *file;

	snprintf(path, sizeof(path), "%s/samples/%s", data ? data : "tests/data", name);
	file = fopen(path, "r");
	if (!file || !text || fread(text, 1, (1 << 16) - 1, file) == 0)
		give_up("cannot read %s", path);
	fclose(file);
	return text;
}

static char *replaced(char *whole, const char *part, const char *by)
{
	char *at = strstr(whole, part), *out;

	if (!at || asprintf(&out, "%.*s%s%s", (int)(at - whole), whole, by, at + strlen(part)) < 0)
		give_up("no %s in a sample", part);
	free(whole);
	return out;
}

static void write_documents(void)
{
	/* A VLAN priority makes after_vm_start do something. */
	static const char rate[] = "<ns1:vf_rate>1000</ns1:vf_rate>",
			  more[] = "<ns1:vf_rate>1000</ns1:vf_rate><ns1:vf_vlan>300:3</ns1:vf_vlan>";

	nic = sample("nic-hotplug.xml");
	vm = replaced(sample("vm-four-nics.xml"), rate, more);
	vm_refused = replaced(sample("vm-four-nics.xml"), rate, more);
	vm_refused = replaced(vm_refused, "preferred", "required");
	vm_refused = replaced(vm_refused, "<source bridge=\"blue\"/>", "<source bridge=\"nowhere\"/>");
}

/* --- running hooks --------------------------------------------------------------------------- */

static char **programs; /* of the command line */

/* The name of the hook point that a program is for. */
static char *point_of(const char *program, char name[64])
{
	char path[4096], *slash;

	snprintf(path, sizeof(path), "%s", program);
	slash = strrchr(path, '/');
	if (slash && strcmp(slash, "/50_vfpt") == 0) {
		*slash = '\0';
		slash = strrchr(path, '/');
	}
	snprintf(name, 64, "%.63s", slash ? slash + 1 : path);
	return name;
}

static const char *program_of(const char *point)
{
	char name[64];

	for (char **program = programs; *program; program++)
		if (strcmp(point_of(*program, name), point) == 0)
			return *program;
	give_up("no program for %s", point);
}

static const char *mark;        /* see nomem.c */
static const char *acting = VM; /* the VM that hooks run for */

struct environment {
	char lines[14][1024];
	char *all[15];
};

__attribute__((format(printf, 2, 3))) static void put(struct environment *env, const char *format, ...)
{
	size_t count = 0;
	va_list args;

	while (env->all[count])
		count++;
	if (count == ARRAY_SIZE(env->lines))
		give_up("too large an environment");
	va_start(args, format);
	vsnprintf(env->lines[count], sizeof(env->lines[count]), format, args);
	va_end(args);
	env->all[count] = env->lines[count];
	env->all[count + 1] = NULL;
}

static void fill(struct environment *env, const char *point)
{
	static const char *const passed_on[] = {
		"VFPT_ROOT", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"};

	env->all[0] = NULL;
	put(env, "LC_ALL=C");
	put(env, "vmId=%s", acting);
	put(env, "_hook_domxml=%s", place_document());
	if (is_nic(point)) {
		put(env, "passthrough=required");
		put(env, "vf_vlan=300:3");
		put(env, "vf_rate=100");
	}
	for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++)
		if (getenv(passed_on[i]))
			put(env, "%s=%s", passed_on[i], getenv(passed_on[i]));
}

static struct run helper; /* of hooks that no fault is made in */

/* It must succeed. */
static bool runs_well(const char *point)
{
	static struct environment env;

	fill(&env, point);
	program_run_plain(program_of(point), env.all, &helper);
	if (helper.status == 0)
		return true;
	printf("#     %s ends with status %#x: %s\n", point, (unsigned)helper.status, helper.said);
	return false;
}

/* --- what is wrong --------------------------------------------------------------------------- */

static unsigned tests, failed_tests, wrong;

/* A comment line about the fault in hand, of which there may be many. */
__attribute__((format(printf, 2, 3))) static void is_wrong(const char *label, const char *format, ...)
{
	va_list args;

	wrong++;
	printf("#   %s: ", label);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

__attribute__((format(printf, 1, 2))) static void conclude(const char *format, ...)
{
	va_list args;

	printf("%sok %u - ", wrong ? "not " : "", ++tests);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	failed_tests += wrong > 0;
	wrong = 0;
}

/* --- recovery -------------------------------------------------------------------------------- */

static struct state *pristine; /* every VF is free and as at first */

static bool destroy(const struct scene *scene)
{
	if (is_nic(scene->point))
		put_document(vm);
	return runs_well("after_vm_destroy");
}

/* The VM starts, or the vNIC is plugged, again. */
static bool connect_again(const struct scene *scene)
{
	struct state *state;
	bool good;

	put_document(is_nic(scene->point) ? nic : vm);
	if (!runs_well(connecting(scene->point)))
		return false;
	state = state_take();
	good = is_given(state, 1, NULL);
	if (!good)
		printf("#     %s succeeds, and yet the vNICs have not what they should\n",
			connecting(scene->point));
	state_free(state);
	if (!is_nic(scene->point))
		return good && runs_well("after_vm_destroy");
	put_document(nic);
	return good && runs_well("after_nic_hotunplug");
}

/* On a captured host no VM has a process, and vfpt.conf has no grace: all that is left is left by VMs that
 * are gone. */
static bool start_vdsm(const struct scene *scene)
{
	(void)scene;
	return runs_well("before_vdsm_start");
}

/* Another VM wants a VF for @network. @return does it start? */
static bool starts(const char *network)
{
	static struct environment env;
	char text[1024];

	snprintf(text, sizeof(text),
		"<domain type=\"kvm\" xmlns:o=\"http://ovirt.org/vm/1.0\"><uuid>%s</uuid><metadata><o:vm>"
		"<o:device mac_address=\"56:6f:1a:2b:0f:01\"><o:custom><o:passthrough>required"
		"</o:passthrough></o:custom></o:device></o:vm></metadata><devices><interface type=\"bridge\">"
		"<mac address=\"56:6f:1a:2b:0f:01\"/><model type=\"virtio\"/><source bridge=\"%s\"/>"
		"</interface></devices></domain>\n",
		acting, network);
	put_document(text);
	fill(&env, "before_vm_start");
	program_run_plain(program_of("before_vm_start"), env.all, &helper);
	return helper.status == 0;
}

/*
 * No VF is free when other VMs start: each takes back what the VM that is gone has of its network, and starts
 * if that is anything.
 */
static bool start_others(const struct scene *scene)
{
	static const char *const networks[] = {"blue", "red"};
	unsigned held[ARRAY_SIZE(networks)];
	bool good = true;

	(void)scene;
	for (size_t i = 0; i < ARRAY_SIZE(networks); i++)
		held[i] = count_records(VM, networks[i]);
	occupy_free_vfs();
	acting = OTHER;
	for (size_t i = 0; i < ARRAY_SIZE(networks); i++) {
		bool started = starts(networks[i]);

		if (started != (held[i] > 0)) {
			printf("#     with %u VFs of network %s to take back, another VM %s: %s\n", held[i],
				networks[i], started ? "starts" : "does not start", helper.said);
			good = false;
		}
		good = good && (!started || runs_well("after_vm_destroy"));
		good = good && count_records(VM, networks[i]) == 0;
	}
	acting = VM;
	vacate_vfs();
	return good;
}

/* Each of them alone must give every VF back; where a VM may be anywhere, libvirt must be asked: owners.sh
 * has one, in the lab. */
static const struct recovery {
	const char *name;
	bool captured; /* only there */
	bool (*run)(const struct scene *scene);
} recoveries[] = {
	{"after_vm_destroy", false, destroy},
	{"the next start or plug", false, connect_again},
	{"VDSM's next start", true, start_vdsm},
	{"a start of others when no VF is free", true, start_others},
};

static size_t ways(void)
{
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(recoveries); i++)
		count += !recoveries[i].captured || place_is_captured();
	return count;
}

static void recover(const struct scene *scene, const struct state *state, const char *label)
{
	for (size_t i = 0; i < ARRAY_SIZE(recoveries); i++) {
		struct state *after;

		if (recoveries[i].captured && !place_is_captured())
			continue;
		state_put(state);
		if (!recoveries[i].run(scene))
			is_wrong(label, "%s does not recover", recoveries[i].name);
		after = state_take();
		if (strcmp(after->host, pristine->host) != 0) {
			is_wrong(label, "%s does not give everything back", recoveries[i].name);
			state_explain(after, pristine);
		}
		state_free(after);
	}
}

/* Recovery depends on nothing but the state, so each different state is recovered from once. */
struct seen {
	size_t count;
	struct state **states;
};

static void recover_if_new(
	const struct scene *scene, struct seen *seen, struct state *state, const char *label)
{
	for (size_t i = 0; i < seen->count; i++)
		if (state_equal(seen->states[i], state)) {
			state_free(state);
			return;
		}
	seen->states = reallocarray(seen->states, seen->count + 1, sizeof(state));
	if (!seen->states)
		give_up("memory");
	seen->states[seen->count++] = state;
	if (!ledger_is_sound())
		is_wrong(label, "there is a record that cannot be read");
	recover(scene, state, label);
}

static void forget(struct seen *seen)
{
	while (seen->count > 0)
		state_free(seen->states[--seen->count]);
	free(seen->states);
	seen->states = NULL;
}

/* --- one scene ------------------------------------------------------------------------------- */

static char scene_name[128];

/* @before: what the hook finds; @after: what it leaves when nothing goes wrong, in @calls system calls. */
struct stage {
	const struct scene *scene;
	struct state *before;
	struct state *after;
	struct run *run; /* the one without a fault */
	struct program *program;
	struct environment env;
	struct seen seen;
	unsigned points; /* faults made */
};

static void set_up(struct stage *stage, const struct scene *scene, bool traced)
{
	static struct run run;

	*stage = (struct stage){.scene = scene, .run = &run};
	fill(&stage->env, scene->point);
	stage->program = program_new(program_of(scene->point), stage->env.all);
	snprintf(scene_name, sizeof(scene_name), "%s%s", scene->point, scene->what);
	state_put(pristine);
	put_document(document_of(scene));
	if (scene->before) {
		if (!runs_well(scene->before))
			is_wrong(scene_name, "%s, which comes before, fails", scene->before);
		if (scene->anew)
			put_document(document_of(scene));
		if (strncmp(scene->point, "after_", 6) == 0 && !place_is_captured())
			play_libvirt();
	}
	stage->before = state_take();
	if (traced)
		program_run(stage->program, &run);
	else
		program_run_plain(program_of(scene->point), stage->env.all, &run);
	stage->after = state_take();
	if (run.status != (scene->refused ? 2 << 8 : 0))
		is_wrong(scene_name, "without any fault it ends with status %#x: %s", (unsigned)run.status,
			run.said);
	if (!scene->refused && is_connecting(scene->point) && !is_given(stage->after, 1, NULL))
		is_wrong(scene_name, "without any fault the vNICs have not what they should");
}

static void tear_down(struct stage *stage)
{
	program_free(stage->program);
	forget(&stage->seen);
	state_free(stage->before);
	state_free(stage->after);
}

/*
 * The same program in another scene: what the dynamic linker does there is the same. So it is in the lab,
 * where one hook is enough to show that: to start a program takes long there.
 */
static bool is_variant(const struct scene *scene)
{
	return scene->what[0] || (!place_is_captured() && strcmp(scene->point, "after_vm_start") != 0);
}

static const char *behind(const struct scene *scene)
{
	return is_variant(scene) ? " behind the dynamic linker" : "";
}

static bool same_document(const struct state *a, const struct state *b)
{
	return a->document && b->document && strcmp(a->document, b->document) == 0;
}

/* --- system calls ---------------------------------------------------------------------------- */

/* Calls that can fail, and how. Those which a captured host does not see are for the lab. */
static const struct kind {
	int number;
	const char *name;
	bool lab;
	int errors[4];
} kinds[] = {
	{SYS_access, "access", false, {ENOENT, EACCES, ENOMEM}},
	{SYS_bind, "bind", true, {ENOMEM, EADDRINUSE, EACCES}},
	{SYS_brk, "brk", false, {ENOMEM}},
	{SYS_capget, "capget", true, {EPERM, EFAULT}},
	{SYS_capset, "capset", true, {EPERM}},
	{SYS_clock_nanosleep, "clock_nanosleep", false, {EINTR}},
	{SYS_close, "close", false, {EIO, EINTR, ENOSPC}},
	{SYS_connect, "connect", true, {ECONNREFUSED, EACCES, EINTR}},
	{SYS_faccessat, "faccessat", false, {EACCES, EIO, ENOMEM}},
#ifdef SYS_faccessat2
	{SYS_faccessat2, "faccessat2", false, {EACCES, EIO, ENOMEM}},
#endif
	{SYS_fchmod, "fchmod", false, {EPERM, EIO, EROFS}},
	{SYS_fchown, "fchown", false, {EPERM, EIO, EROFS}},
	{SYS_fcntl, "fcntl", false, {EINVAL}},
	{SYS_flock, "flock", false, {EINTR, ENOLCK, EWOULDBLOCK}},
	{SYS_fstat, "fstat", false, {EIO, ENOMEM, EOVERFLOW}},
	{SYS_fsync, "fsync", false, {EIO, ENOSPC, EINTR}},
	{SYS_fdatasync, "fdatasync", false, {EIO, ENOSPC, EINTR}},
	{SYS_ftruncate, "ftruncate", false, {EIO, EINTR}},
	{SYS_getdents64, "getdents64", false, {EIO, ENOMEM}},
	{SYS_getrandom, "getrandom", false, {EAGAIN, ENOSYS, EINTR}},
	{SYS_getsockname, "getsockname", true, {ENOBUFS}},
	{SYS_link, "link", false, {EACCES, ENOSPC, EIO}},
	{SYS_linkat, "linkat", false, {EACCES, ENOSPC, EIO}},
	{SYS_lseek, "lseek", false, {EINVAL}},
	{SYS_mkdir, "mkdir", false, {EACCES, ENOSPC, EIO}},
	{SYS_mkdirat, "mkdirat", false, {EACCES, ENOSPC, EIO, EROFS}},
	{SYS_mmap, "mmap", false, {ENOMEM, EACCES}},
	{SYS_mprotect, "mprotect", false, {ENOMEM, EACCES}},
	{SYS_munmap, "munmap", false, {ENOMEM}},
	{SYS_newfstatat, "newfstatat", false, {EIO, ENOMEM, EACCES}},
	{SYS_open, "open", false, {EMFILE, EACCES, ENOMEM, EIO}},
	{SYS_openat, "openat", false, {EMFILE, EACCES, ENOMEM, EIO}},
	{SYS_openat2, "openat2", false, {EMFILE, EACCES, ENOMEM, EIO}},
	{SYS_prctl, "prctl", false, {EINVAL, EPERM}},
	{SYS_pread64, "pread64", false, {EIO, EINTR}},
	{SYS_prlimit64, "prlimit64", false, {EPERM}},
	{SYS_read, "read", false, {EIO, EINTR}},
	{SYS_readlink, "readlink", false, {EIO, EACCES, ENOENT}},
	{SYS_readlinkat, "readlinkat", false, {EIO, EACCES, ENOENT, ENOMEM}},
	{SYS_recvmsg, "recvmsg", true, {ENOBUFS, EINTR, EAGAIN, ENOMEM}},
	{SYS_rename, "rename", false, {EIO, ENOSPC, EACCES}},
	{SYS_renameat, "renameat", false, {EIO, ENOSPC, EACCES}},
	{SYS_renameat2, "renameat2", false, {EIO, ENOSPC, EACCES}},
	{SYS_sendmsg, "sendmsg", true, {ENOBUFS, EINTR, EAGAIN, ENOMEM}},
	{SYS_setsockopt, "setsockopt", true, {ENOPROTOOPT, ENOMEM}},
	{SYS_socket, "socket", true, {EMFILE, EACCES, EAFNOSUPPORT, ENOMEM}},
	{SYS_stat, "stat", false, {EIO, ENOMEM, EACCES}},
	{SYS_statx, "statx", false, {EIO, ENOMEM, EACCES}},
	{SYS_umask, NULL, false, {0}},
	{SYS_unlink, "unlink", false, {EIO, EACCES, EROFS}},
	{SYS_unlinkat, "unlinkat", false, {EIO, EACCES, EROFS}},
	{SYS_write, "write", false, {ENOSPC, EIO, EINTR}},
	{SYS_writev, "writev", false, {ENOSPC, EIO, EINTR}},
};

static const struct kind *kind_of(int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].number == number)
			return &kinds[i];
	return NULL;
}

/* How often is it among the first @count calls of the run? */
static unsigned uses(const struct run *run, unsigned count, int number)
{
	unsigned found = 0;

	for (unsigned i = 0; i < count; i++)
		found += run->calls[i].number == number;
	return found;
}

/* For messages: which use of which call. */
static const char *label_of(const struct fault *fault, char label[64])
{
	const struct kind *kind = kind_of(fault->number);

	if (kind && kind->name)
		snprintf(label, 64, "%s %u", kind->name, fault->use);
	else
		snprintf(label, 64, "system call %d, use %u", fault->number, fault->use);
	return label;
}

/* --- killed ---------------------------------------------------------------------------------- */

static void kill_at(struct stage *stage, const struct fault *fault)
{
	struct state *state = state_take();
	char name[64], label[80];

	snprintf(label, sizeof(label), "killed at %s", label_of(fault, name));
	stage->points++;
	if (!same_document(state, stage->before) && !same_document(state, stage->after))
		is_wrong(label, "the document is neither the old nor the new one");
	recover_if_new(stage->scene, &stage->seen, state, label);
}

/* At each use of a call, until there is no further one. */
static void kill_at_each(struct stage *stage, int number)
{
	struct fault fault = {.number = number, .use = 1};
	static struct run run;

	if (is_variant(stage->scene))
		fault.use += program_uses_by_linker(stage->program, number);
	for (;; fault.use++) {
		state_put(stage->before);
		program_run_with(stage->program, &fault, &run);
		if (!run.is_hit)
			return;
		if (!WIFSIGNALED(run.status) || WTERMSIG(run.status) != SIGKILL)
			give_up("what is killed goes on");
		kill_at(stage, &fault);
	}
}

static void kill_everywhere(const struct scene *scene)
{
	struct stage stage;

	set_up(&stage, scene, true);
	for (unsigned i = 0; i < stage.run->count; i++)
		if (uses(stage.run, i, stage.run->calls[i].number) == 0)
			kill_at_each(&stage, stage.run->calls[i].number);
	if (stage.points < 20)
		is_wrong(scene_name, "it was killed only %u times", stage.points);
	conclude("%s, killed at each of its %u system calls%s, leaves document and ledger whole, and is "
		 "recovered from "
		 "(%zu states, %zu ways)",
		scene_name, stage.points, behind(scene), stage.seen.count, ways());
	tear_down(&stage);
}

/* --- failed ---------------------------------------------------------------------------------- */

/* Lines on stderr; what would be set is told on a captured host only. */
static unsigned count_lines(const char *said, unsigned *foreign)
{
	unsigned count = 0;

	*foreign = 0;
	for (const char *line = said, *end; *line; line = *end ? end + 1 : end) {
		end = line + strcspn(line, "\n");
		if (place_is_captured() && strncmp(line, "would set", 9) == 0)
			continue;
		count++;
		*foreign += strncmp(line, "vfpt: ", 6) != 0;
	}
	return count;
}

/* How one run with a fault in it went. @error of a system call @call, or neither: of an allocation. */
struct outcome {
	struct stage *stage;
	const char *label;
	const struct call *call;
	int error;
	const struct run *run;
	struct state *state;
	bool is_silenced; /* what it says is what fails */
};

/* An error of a before_... hook: one line, and all is as it was. */
static void judge_refusal(const struct outcome *o, unsigned lines)
{
	const struct stage *stage = o->stage;
	/* Where the hook undoes, or clears up, a fault is the second thing that goes wrong. */
	bool second = stage->scene->refused || stage->scene->before;

	if (lines != 1 && !o->is_silenced && !(second && lines > 1))
		is_wrong(o->label, "not one line but %u: %s", lines, o->run->said);
	if (second && same_document(o->state, stage->before) &&
		strcmp(o->state->rest, stage->before->rest) == 0)
		return;
	if (!state_equal(o->state, stage->before)) {
		is_wrong(o->label, "it fails, and does not leave everything as it was: %s", o->run->said);
		state_explain(o->state, stage->before);
	}
}

/* Lines that tell on a captured host what would be put back. */
static unsigned count_put_back(const char *said)
{
	unsigned count = 0;

	for (; (said = strstr(said, "would set back: ")); said++)
		count++;
	return count;
}

static void judge_success(const struct outcome *o)
{
	const struct stage *stage = o->stage;

	/* What is not there (any more) is nothing to be done; a record that nobody may read is reported. */
	if ((o->error == ENOENT && strncmp(stage->scene->point, "after_", 6) == 0) ||
		(o->error == EACCES && strstr(o->run->said, "; its VF stays taken")))
		return;
	if (count_put_back(o->run->said) < count_put_back(stage->run->said) && !o->is_silenced)
		is_wrong(o->label, "it succeeds, and yet does not put all settings back: %s", o->run->said);
	if (state_equal(o->state, stage->after))
		return;
	/* What it could not undo, for a vNIC that only prefers a VF, it tells; the record is for recovery. */
	if (strstr(o->run->said, "; undoing failed: ") && same_document(o->state, stage->after))
		return;
	/* It can succeed on another VF, or leave the vNIC that only prefers one on its bridge. */
	if (is_connecting(stage->scene->point) && strcmp(o->state->rest, stage->after->rest) == 0 &&
		is_given(o->state, is_nic(stage->scene->point) ? 1 : 2, stage->after))
		return;
	is_wrong(o->label, "it succeeds, and yet is not done: %s", o->run->said);
	state_explain(o->state, stage->after);
}

static bool must_not_matter(const struct outcome *o)
{
	int number = o->call ? o->call->number : -1;

	return o->error == EINTR &&
	       (number == SYS_read || number == SYS_pread64 || number == SYS_write || number == SYS_flock ||
		       number == SYS_sendmsg || number == SYS_recvmsg);
}

static void judge(const struct outcome *o)
{
	const struct stage *stage = o->stage;
	int status = o->run->status, code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	unsigned foreign, lines = count_lines(o->run->said, &foreign);

	if (o->call && o->call->by_linker && code != 0) {
		/* Before main(); how the dynamic linker fails is not ours. */
		if (!state_equal(o->state, stage->before))
			is_wrong(o->label, "it did not start, and yet changed something");
	} else if (code < 0) {
		is_wrong(o->label, "it is killed by signal %d: %s", WTERMSIG(status), o->run->said);
	} else if (code > 2) {
		is_wrong(o->label, "its exit code is %d: %s", code, o->run->said);
	} else if (must_not_matter(o) && !o->is_silenced && status != stage->run->status) {
		is_wrong(o->label, "an interrupted call is not made again: %s", o->run->said);
	} else if (code == 0) {
		judge_success(o);
	} else {
		if (strncmp(stage->scene->point, "before_", 7) == 0)
			judge_refusal(o, lines);
		else if (lines == 0 && !o->is_silenced)
			is_wrong(o->label, "it fails and does not say why");
		if (foreign > 0)
			is_wrong(o->label, "lines that are not ours: %s", o->run->said);
	}
}

static void fail_once(struct stage *stage, const struct fault *fault)
{
	static struct run run;
	char name[64], label[96];
	struct outcome outcome = {
		.stage = stage, .label = label, .call = &run.hit, .error = fault->error, .run = &run};

	state_put(stage->before);
	program_run_with(stage->program, fault, &run);
	/* Now and then there is one call less. */
	if (!run.is_hit)
		return;
	snprintf(label, sizeof(label), "%s fails: %s", label_of(fault, name), strerrorname_np(fault->error));
	outcome.state = state_take();
	outcome.is_silenced = run.hit.number == SYS_write && run.hit.argument == STDERR_FILENO;
	stage->points++;
	judge(&outcome);
	recover_if_new(stage->scene, &stage->seen, outcome.state, label);
}

static bool in_lab_only;

static void fail_everywhere(const struct scene *scene)
{
	struct stage stage;
	unsigned calls = 0;

	set_up(&stage, scene, true);
	for (unsigned i = 0; i < stage.run->count; i++) {
		struct fault fault = {.number = stage.run->calls[i].number};
		const struct kind *kind = kind_of(fault.number);
		unsigned points = stage.points;

		fault.use = uses(stage.run, i + 1, fault.number);
		if (!kind || (in_lab_only && !kind->lab) ||
			(is_variant(scene) &&
				fault.use <= program_uses_by_linker(stage.program, fault.number)))
			continue;
		for (size_t e = 0; e < (in_lab_only ? 2 : ARRAY_SIZE(kind->errors)) && kind->errors[e]; e++) {
			fault.error = kind->errors[e];
			fail_once(&stage, &fault);
		}
		calls += stage.points > points;
	}
	conclude("%s: each of %u system calls%s fails, in %u ways: success, or an error that leaves nothing "
		 "half-done "
		 "(%zu states)",
		scene_name, calls, in_lab_only ? " to do with netlink" : behind(scene), stage.points,
		stage.seen.count);
	tear_down(&stage);
}

/* --- without memory -------------------------------------------------------------------------- */

/* @return false when there is no such allocation any more */
static bool run_without_memory(struct stage *stage, unsigned allocation)
{
	static struct environment env;
	static struct run run;
	char label[64];
	struct outcome outcome = {.stage = stage, .label = label, .error = ENOMEM, .run = &run};

	snprintf(label, sizeof(label), "allocation %u fails", allocation);
	state_put(stage->before);
	close(open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	fill(&env, stage->scene->point);
	put(&env, "LD_PRELOAD=%s", getenv("VFPT_NOMEM_LIBRARY"));
	put(&env, "VFPT_NOMEM=%u", allocation);
	put(&env, "VFPT_NOMEM_MARK=%s", mark);
	program_run_plain(program_of(stage->scene->point), env.all, &run);
	if (access(mark, F_OK) == 0)
		return false;
	outcome.state = state_take();
	stage->points++;
	judge(&outcome);
	recover_if_new(stage->scene, &stage->seen, outcome.state, label);
	return true;
}

static void run_without_memory_everywhere(const struct scene *scene)
{
	struct stage stage;

	set_up(&stage, scene, false);
	while (run_without_memory(&stage, stage.points + 1)) {
	}
	if (stage.points < 20)
		is_wrong(scene_name, "only %u allocations failed", stage.points);
	conclude("%s: each of its %u allocations fails: success, or an error that leaves nothing half-done "
		 "(%zu states)",
		scene_name, stage.points, stage.seen.count);
	tear_down(&stage);
}

/* --- all of it ------------------------------------------------------------------------------- */

typedef void play_scene(const struct scene *scene);

static void play(play_scene *test, const struct scene *scene)
{
	const char *only = getenv("VFPT_FAULT_SCENE");
	char name[128];

	snprintf(name, sizeof(name), "%s%s", scene->point, scene->what);
	if ((!only || strcmp(only, name) == 0) && (!scene->native || place_is_captured()) &&
		(!scene->later || test == kill_everywhere))
		test(scene);
}

static void play_all(play_scene *test)
{
	char point[64];

	for (char **program = programs; *program; program++) {
		struct scene other = {.point = point_of(*program, point), .what = ""};
		bool is_known = false;

		for (size_t i = 0; i < ARRAY_SIZE(scenes); i++)
			if (strcmp(scenes[i].point, point) == 0) {
				play(test, &scenes[i]);
				is_known = true;
			}
		/* A hook that these tests do not know: with a VM that has VFs. */
		other.before = connecting(point);
		if (!is_known)
			play(test, &other);
	}
}

static play_scene *test_of(const char *kind)
{
	in_lab_only = strcmp(kind, "fail-netlink") == 0;
	if (strcmp(kind, "kill") == 0)
		return kill_everywhere;
	if (strcmp(kind, "fail") == 0 || in_lab_only)
		return fail_everywhere;
	if (strcmp(kind, "memory") == 0)
		return run_without_memory_everywhere;
	return NULL;
}

int main(int argc, char **argv)
{
	play_scene *test = argc > 3 ? test_of(argv[1]) : NULL;
	char path[4096];

	if (!test) {
		fprintf(stderr, "usage: fault kill|fail|fail-netlink|memory DIRECTORY HOOK...\n");
		return 2;
	}
	if (!can_trace()) {
		printf("1..0 # SKIP not for this processor\n");
		return 0;
	}
	snprintf(path, sizeof(path), "%s.mark", argv[2]);
	mark = path;
	programs = argv + 3;
	place_open(argv[2]);
	write_documents();
	pristine = state_take();
	play_all(test);
	state_put(pristine);
	state_free(pristine);
	place_close();
	unlink(mark);
	free(vm);
	free(vm_refused);
	free(nic);
	printf("1..%u\n", tests);
	return failed_tests ? 1 : 0;
}
