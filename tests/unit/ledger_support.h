/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of the ledger share: assignments, and a ledger to put them in. */
#ifndef VFPT_TESTS_LEDGER_SUPPORT_H
#define VFPT_TESTS_LEDGER_SUPPORT_H

#include "ledger.h"
#include "support.h"

#define VF_0 "0000:01:10.0"
#define VF_1 "0000:01:10.2"

#define RECORD_A LEDGER "/" VF_0 "@" VM_A
#define RECORD_B LEDGER "/" VF_1 "@" VM_B

#define MAC_1  "@56:6f:1a:2b:00:01"
#define LAST_A LEDGER "/last/" VF_0 "@" VM_A MAC_1

/* Time enough for any other that is at it. */
enum { WAIT = 60 };

extern struct vfpt_error err;

/* In the loop tests: without a memory of it (0), and with one (1). */
extern const bool remember[2];

struct vfpt_ledger *opened(enum vfpt_ledger_mode mode);
const char *owner(const struct vfpt_ledger *ledger, const char *address);

/* All of it filled in. */
struct vfpt_assignment assignment(const char *vm, const char *address);

/* Put an assignment in a ledger opened for that. */
struct vfpt_assignment put(const char *vm, const char *address);

/* What a VM has: number of its assignments, the first of them, number of corrupt records. */
size_t of_vm(struct vfpt_ledger *ledger, const char *vm, struct vfpt_assignment *first, size_t *corrupt);

void ck_assert_same(const struct vfpt_assignment *a, const struct vfpt_assignment *b);

#endif
