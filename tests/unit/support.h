/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the unit tests share: a captured host to look at, files below it, programs to run, what they print. */
#ifndef VFPT_TESTS_SUPPORT_H
#define VFPT_TESTS_SUPPORT_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "vfpt/pci.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define VM_A "3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01"
#define VM_B "b7c5a0de-2f43-4b5e-8a55-0a1b2c3d4e07"

/* Below the root; the captured host's three PFs are ens1f0, ens2f0 and ens3f0. */
#define LEDGER  "run/vfpt"
#define CONFIG  "etc/vdsm/vfpt.conf"
#define PF_1    "sys/devices/pci0000:00/0000:00:02.0/0000:01:00.0/"
#define PF_2    "sys/devices/pci0000:00/0000:00:03.0/0000:02:00.0/"
#define PF_3    "sys/devices/pci0000:00/0000:00:04.0/0000:03:00.0/"
#define VIRTUAL "sys/devices/virtual/net/"

/* Of VF 0 of ens1f0. */
#define MAC_ETH0 "66:5a:d2:be:9a:6d"

/* The root directory that the test in hand works on, and a descriptor of it. */
extern char root[];
extern int root_fd;

/* Check's fixtures: a copy of tests/data/hosts/three-igb, or an empty directory; gone after the test. */
void host_setup(void);
void empty_setup(void);
void root_teardown(void);

/* The main() of a test program: run the suite and print its summary. @return the exit code */
int run_suite(Suite *suite);

/* A TCase of that name, with fixtures (NULL: none), added to the suite. */
TCase *new_case(Suite *suite, const char *name, SFun setup);

/* --- files; paths are below the root, directories are made as needed, what is there is replaced */

void put_file(const char *path, const char *text);
void put_bytes(const char *path, const void *bytes, size_t size);
void put_link(const char *path, const char *target);
void put_directory(const char *path);

/* Remove a file, a link, or a directory with all that is in it. It must be there. */
void drop(const char *path);

/* Put the file; NULL: drop it. */
void put_or_drop(const char *path, const char *text);

void move(const char *from, const char *to);
bool there_is(const char *path);

/* How many entries the directory has, hidden ones too; 0 when it is not there. */
unsigned entries(const char *path);

/* How many VFs the ledger gives to a VM; what is remembered of last time is none. */
unsigned records(void);

/* All that can be told of the directory: names, inodes, modes, times, sizes, contents. */
const char *picture(const char *path);

/* --- strings that live until the test is over */

const char *in_root(const char *path);
const char *get_file(const char *path, size_t *size);
const char *sample(const char *name, size_t *size);
const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* @whole with its first @part replaced. It must be in there. */
const char *replaced(const char *whole, const char *part, const char *by);

/* That PCI address, which must be one. */
struct vfpt_pci pci(const char *address);

/* --- what is printed */

/* From here on what this process prints on stderr is caught; @return of the second: what it was. */
void catch_stderr(void);
const char *caught_stderr(void);

struct outcome {
	int code; /* exit code; 128 and the number of the signal that killed it */
	const char *out;
	const char *err;
};

/* Run a program with exactly these arguments and this environment (and what sanitizers need). */
struct outcome run(const char *const *argv, const char *const *env);

/* The same in two steps, for several at once: begin, and wait for its end. */
struct program {
	pid_t pid;
	int out, err;
};
struct program start_program(const char *const *argv, const char *const *env);
struct outcome end_of_program(struct program program);

unsigned count_lines(const char *lines);

/* --- other processes: @check runs in a child, where it may give up what it is; it says with need() what must
 * hold, for Check's own macros are not for children */

void in_child(void (*check)(void));
void need(bool holds, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Give up root's rights; who has none keeps what he has. */
void become_nobody(void);

/* Move into a network of its own, where nothing but a loopback interface (index 1) is. @return false when the
 * system does not allow it */
bool enter_own_network(void);

/* Give the loopback interface of that network the address 127.0.0.1. */
void address_loopback(void);

#define ck_assert_contains(whole, part)                                                                      \
	do {                                                                                                 \
		const char *whole_ = (whole), *part_ = (part);                                               \
		ck_assert_msg(                                                                               \
			strstr(whole_, part_) != NULL, "\"%s\" does not contain \"%s\"", whole_, part_);     \
	} while (0)

#define ck_assert_lacks(whole, part)                                                                         \
	do {                                                                                                 \
		const char *whole_ = (whole), *part_ = (part);                                               \
		ck_assert_msg(strstr(whole_, part_) == NULL, "\"%s\" contains \"%s\"", whole_, part_);       \
	} while (0)

/* For functions that return 0, or -1 with @err filled in. */
#define ck_assert_ok(call, err)                                                                              \
	do {                                                                                                 \
		int result_ = (call);                                                                        \
		ck_assert_msg(result_ == 0, "%s is %d: %s", #call, result_,                                  \
			result_ < 0 ? (err).message : "no error");                                           \
	} while (0)

#define ck_assert_fails(call, err, expected)                                                                 \
	do {                                                                                                 \
		int result_ = (call);                                                                        \
		ck_assert_msg(result_ == -1, "%s is %d, not -1", #call, result_);                            \
		ck_assert_msg((err).code == (expected), "%s: code is %d, not %d: %s", #call, (err).code,     \
			(expected), (err).message);                                                          \
	} while (0)

#endif
