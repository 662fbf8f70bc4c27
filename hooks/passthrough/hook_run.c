/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hook_run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "file.h"
#include "hook_state.h"
#include "message.h"
#include "privilege.h"

/* Ten mebibytes of anything reasonable take less than one. */
#define PARSE_SECONDS 10

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
	static const char *const documents[] = {
		[VFPT_DOMAIN] = "_hook_domxml  file with the <domain>\n"
				"             vmId          the VM's UUID (default: the domain's)\n"
				"             ",
		[VFPT_INTERFACE] = "_hook_domxml  file with the vNIC's <interface>\n"
				   "             vmId          the VM's UUID\n"
				   "             NAME=VALUE    the vNIC's custom properties\n"
				   "             ",
		[VFPT_NOTHING] = "",
	};

	printf("Usage: %s                    as VDSM runs it\n"
	       "       %s --test%s  show what would be done on this host, change nothing\n"
	       "       %s --help\n"
	       "\n"
	       "%s\n"
	       "\n"
	       "Environment: %sVFPT_ROOT     take this directory for / and only print the settings (by "
	       "hand)\n"
	       "Exit status: 0 fine, 1 failed, 2 failed and no other script of this hook point shall run.\n",
		point->name, point->name, point->document == VFPT_NOTHING ? "" : " [DOCUMENT]", point->name,
		point->summary, documents[point->document]);
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
		privilege_renounce();
		return 0;
	}
	if (argc > 1)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "%s: unknown argument \"%.40s\"; see --help",
			hook->point->name, argv[1]);
	if (hook->point->document == VFPT_NOTHING)
		return 0;
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

/* What is read and what is replaced is in one and the same directory, wherever its path leads meanwhile. */
static int open_directory(struct vfpt_hook *hook, struct vfpt_error *err)
{
	const char *slash = strrchr(hook->path, '/');
	char *path = slash ? strndup(hook->path, (size_t)(slash - hook->path) + 1) : strdup(".");

	if (!path)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "document");
	hook->name = slash ? slash + 1 : hook->path;
	hook->directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(path);
	if (hook->directory < 0)
		return vfpt_error_errno(
			err, VFPT_BAD_INPUT, errno, "cannot open the document %s", hook->path);
	return 0;
}

/* Who tries it by hand may well have a link to it, and nothing is written then. */
static int open_document(const struct vfpt_hook *hook)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;

	return hook->test ? open(hook->path, flags) : openat(hook->directory, hook->name, flags | O_NOFOLLOW);
}

static int read_file(struct vfpt_hook *hook, struct vfpt_error *err)
{
	int fd = open_document(hook);
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

/* It was given up while the document was parsed, and may be hostile: nothing is left to be used. */
static void give_up(int number)
{
	static const char line[] = "vfpt: the document takes too long to read, and is refused; a domain that "
				   "libvirt takes is much smaller\n";

	(void)number;
	privilege_renounce_all();
	(void)!write(STDERR_FILENO, line, sizeof(line) - 1);
	_exit(VFPT_EXIT_STOP);
}

/*
 * libxml2 (2.9) compares each attribute of an element with all others, and each name with many: one megabyte
 * can take minutes. Nothing has been done yet, so to end here undoes nothing. The time is our own, on a busy
 * machine too.
 */
static int parse_in_time(struct vfpt_hook *hook, struct vfpt_error *err)
{
	const struct itimerval limit = {.it_value.tv_sec = PARSE_SECONDS}, none = {.it_value.tv_sec = 0};
	int r;

	signal(SIGVTALRM, give_up);
	setitimer(ITIMER_VIRTUAL, &limit, NULL);
	/* end() frees the text. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	r = vfpt_domain_parse(hook->text, hook->size, &hook->document, err);
	setitimer(ITIMER_VIRTUAL, &none, NULL);
	return r;
}

/* Of a document in UTF-16, which has NUL bytes, its UTF-8 is shown. */
static int prepare_to_show(struct vfpt_hook *hook, struct vfpt_error *err)
{
	char *text;
	size_t size;

	if (strlen(hook->text) == hook->size)
		return 0;
	if (vfpt_domain_print(hook->document, &text, &size, err) < 0)
		return -1;
	free(hook->text);
	hook->text = text;
	hook->size = size;
	return 0;
}

static int read_document(struct vfpt_hook *hook, struct vfpt_error *err)
{
	bool wants_interface = hook->point->document == VFPT_INTERFACE;

	if (hook->path) {
		if ((!hook->test && open_directory(hook, err) < 0) || read_file(hook, err) < 0)
			return -1;
	} else {
		hook->text = strdup(wants_interface ? sample_interface : sample_domain);
		if (!hook->text)
			return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "document");
		hook->size = strlen(hook->text);
	}
	if (parse_in_time(hook, err) < 0)
		return hook->path ? vfpt_error_wrap(err, "%s", hook->path) : -1;
	/* end() frees the text. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	if (vfpt_domain_is_interface(hook->document) != wants_interface)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "%s: the document is not %s", hook->point->name,
			wants_interface ? "an <interface>" : "a <domain>");
	return hook->test ? prepare_to_show(hook, err) : 0;
}

static int read_vm(struct vfpt_hook *hook, struct vfpt_error *err)
{
	const char *vm = getenv("vmId"); /* not secure_getenv(): see read_options() */

	if ((!vm || !vm[0]) && hook->point->document == VFPT_DOMAIN)
		vm = vfpt_domain_uuid(hook->document);
	if ((!vm || !vm[0]) && hook->test)
		vm = "00000000-0000-0000-0000-000000000000";
	if (!vm || !vm[0])
		return vfpt_error_set(err, VFPT_BAD_INPUT, "%s: no VM id: vmId is not set%s",
			hook->point->name,
			hook->point->document == VFPT_DOMAIN ? " and the domain has no <uuid>" : "");
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

int hook_configure(struct vfpt_hook *hook, struct vfpt_error *err)
{
	if (open_root(hook, err) < 0)
		return -1;
	/* VDSM runs such a hook as root, and what it reads is what VDSM's user wrote. */
	if (hook->point->document == VFPT_NOTHING &&
		privilege_become_ledger_owner(hook->root, hook->captured, err) < 0)
		return -1;
	return vfpt_config_read(hook->root, &hook->config, err);
}

int hook_open(struct vfpt_hook *hook, enum vfpt_ledger_mode mode, struct vfpt_error *err)
{
	if (hook->host)
		return 0;
	if (hook->test)
		mode = VFPT_LEDGER_DRY;
	if ((!hook->captured && vfpt_netlink_open(&hook->netlink, err) < 0) ||
		vfpt_host_open(hook->root, hook->netlink, &hook->host, err) < 0 ||
		vfpt_ledger_open(hook->root, mode, hook->config->policy.lock_timeout, &hook->ledger, err) <
			0 ||
		vfpt_vm_liveness_open(hook->host, hook->captured, &hook->config->policy, &hook->owners, err) <
			0)
		return -1;
	if (hook->test)
		vfpt_netlink_mute(hook->netlink);
	hook->transaction = (struct vfpt_transaction){.host = hook->host,
		.ledger = hook->ledger,
		.netlink = hook->test && !hook->explanation ? NULL : hook->netlink,
		.config = hook->config,
		.owners = hook->test && !hook->explanation ? NULL : hook->owners,
		.explanation = hook->explanation,
		.run = hook->point->document == VFPT_DOMAIN ? VFPT_NEW_RUN : 0};
	return 0;
}

int hook_load(struct vfpt_hook *hook, struct vfpt_error *err)
{
	return read_document(hook, err) < 0 || read_vm(hook, err) < 0 ? -1 : 0;
}

/* @return 0 to go on, 1 when the command line is answered already (--help), -1 with @err filled in */
static int begin(struct vfpt_hook *hook, int argc, char **argv, struct vfpt_error *err)
{
	int r;

	if (check_caller(err) < 0 || (r = read_options(hook, argc, argv, err)) < 0)
		return -1;
	if (r > 0 || hook->point->document == VFPT_NOTHING)
		return r;
	return hook_load(hook, err);
}

/* --- commit and end -------------------------------------------------------------------------- */

/* The new file has the mode and owner of the old before it has its name. */
static int like_the_old(const struct vfpt_hook *hook, int fd)
{
	if ((hook->uid != geteuid() || hook->gid != getegid()) && fchown(fd, hook->uid, hook->gid) < 0)
		return -1;
	return fchmod(fd, hook->mode);
}

/*
 * The new document has another name until it is whole: the old one's, and whose it is. It cannot be nameless
 * (O_TMPFILE), as a link does not replace what is there.
 */
#define TEMPORARY ".vfpt-"

static char *temporary_name(const char *name)
{
	unsigned long long random;
	char *text;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		return NULL;
	return asprintf(&text, "%s" TEMPORARY "%d-%016llx", name, getpid(), random) < 0 ? NULL : text;
}

static int write_and_rename(
	const struct vfpt_hook *hook, const char *temporary, const char *text, size_t size)
{
	int fd = openat(
		hook->directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int saved;

	if (fd < 0)
		return -1;
	if (like_the_old(hook, fd) < 0) {
		saved = errno;
		close(fd);
		errno = saved;
	} else if (file_write_and_close(fd, text, size) == 0 &&
		   renameat(hook->directory, temporary, hook->directory, hook->name) == 0) {
		return 0;
	}
	saved = errno;
	(void)unlinkat(hook->directory, temporary, 0);
	errno = saved;
	return -1;
}

static int replace(const struct vfpt_hook *hook, const char *text, size_t size, struct vfpt_error *err)
{
	char *temporary = temporary_name(hook->name);
	int r = temporary ? write_and_rename(hook, temporary, text, size) : -1;

	if (r < 0) {
		vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot write the document %s", hook->path);
		vfpt_error_remedy(err, "make room and see that VDSM's user can write in its directory");
	}
	free(temporary);
	return r;
}

/* Is that a document that a hook was writing, which is no more? */
static bool is_left_over(int directory, const char *name)
{
	const char *mark = strstr(name, TEMPORARY);
	struct stat status;
	int pid, length = 0;

	return mark && sscanf(mark, TEMPORARY "%d-%*16[0-9a-f]%n", &pid, &length) == 1 && length > 0 &&
	       mark[length] == '\0' && pid > 0 && kill(pid, 0) < 0 && errno == ESRCH &&
	       fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
	       status.st_uid == geteuid();
}

/* More names than that are somebody's who wants us to wait. */
#define MOST_NAMES 10000

/* A hook that was killed cannot remove what it was writing, so the next one does. */
static void remove_left_over(int directory)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *names = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	for (int i = 0; names && i < MOST_NAMES && (entry = readdir(names)); i++)
		if (is_left_over(directory, entry->d_name))
			(void)unlinkat(directory, entry->d_name, 0);
	if (names)
		closedir(names);
	else if (fd >= 0)
		close(fd);
}

static bool ends_line(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && text[length - 1] == '\n';
}

static int show(const struct vfpt_hook *hook, struct vfpt_error *err)
{
	char *text;
	size_t size;

	if (vfpt_domain_print(hook->document, &text, &size, err) < 0)
		return -1;
	vfpt_sanitise(hook->text, true);
	vfpt_sanitise(text, true);
	printf("--- before\n%s%s--- after\n%s", hook->text, ends_line(hook->text) ? "" : "\n",
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
		return hook->document ? show(hook, err) : 0;
	if (!hook->changed)
		return 0;
	if (vfpt_domain_print(hook->document, &text, &size, err) < 0)
		return -1;
	r = replace(hook, text, size, err);
	free(text);
	if (r < 0)
		return -1;
	privilege_renounce();
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

void hook_close(struct vfpt_hook *hook)
{
	vfpt_transaction_commit(&hook->transaction);
	vfpt_ledger_close(hook->ledger);
	vfpt_host_free(hook->host);
	vfpt_netlink_close(hook->netlink);
	vfpt_vm_liveness_free(hook->owners);
	vfpt_config_free(hook->config);
	vfpt_domain_free(hook->document);
	free(hook->text);
	if (hook->root >= 0)
		close(hook->root);
	if (hook->directory >= 0)
		close(hook->directory);
}

static int end(struct vfpt_hook *hook, int result, const struct vfpt_error *err)
{
	bool wrote = result == 0 && hook->changed && !hook->test;
	int directory = hook->directory;

	if (result < 0 && !hook->point->after)
		__fpurge(stderr); /* of what is being undone nothing is worth a line beside the error's */
	if (hook->transaction.ledger && !hook->test)
		vfpt_transaction_undo(&hook->transaction);
	hook->directory = -1;
	hook_close(hook);
	privilege_renounce(); /* before anything is printed */
	/* The lock is given back: nobody waits for this. */
	if (wrote)
		remove_left_over(directory);
	if (directory >= 0)
		close(directory);
	if (result < 0)
		vfpt_error_print(err);
	return exit_code(hook, result, err);
}

int vfpt_hook_run(const struct vfpt_hook_point *point, int argc, char **argv)
{
	static char held[BUFSIZ * 8]; /* glibc takes the size only with a buffer */
	struct vfpt_hook hook = {.point = point, .root = -1, .directory = -1};
	struct vfpt_error error;
	int r;

	/* Nobody may be reading our stderr any more, or a file may not grow: that must not end us half-way.
	 */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* then it is an error of write(2), as no space is */
	umask(022);
	/* VDSM shows all of stderr when a hook fails: what is said before is held back until it is known, see
	 * end(). */
	setvbuf(stderr, held, _IOFBF, sizeof(held));
	r = begin(&hook, argc, argv, &error);
	if (r == 0)
		r = point->step(&hook, &error);
	if (r == 0)
		r = commit(&hook, &error);
	return end(&hook, r, &error);
}
