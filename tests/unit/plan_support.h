/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tests of plans share: a session on the captured host, which has a driver to play with behind each of
 * its PFs. blue is on ens1f0 (VLAN 200), red on ens2f0 and ens3f0 (VLAN 100), ovirtmgmt on ens1f0 untagged;
 * ens1f0 and ens2f0 have 7 VFs, ens3f0 has 4.
 */
#ifndef VFPT_TESTS_PLAN_SUPPORT_H
#define VFPT_TESTS_PLAN_SUPPORT_H

#include "apply.h"
#include "driver.h"
#include "reclaim.h"
#include "release.h"
#include "support.h"

#define VM_C "00000000-0000-0000-0000-00000000000c"

#define GROUPS "sys/kernel/iommu_groups/"

/* How long an answer is waited for, seconds: a busy machine is no reason to get none. */
#define LONG 600

extern struct vfpt_error err;
extern struct vfpt_session session;
extern struct driver drivers[4];     /* 1 to 3: of ens1f0, ens2f0, ens3f0 */
extern const struct vfpt_mac mac_aa; /* 56:6f:1a:2b:00:aa */
extern const struct vfpt_mac mac_bb;
extern struct vfpt_requests requests;     /* of the last plan; nodes and own functions of the next */
extern struct vfpt_plan *plan;            /* the last one that was made */
extern struct vfpt_assignment assignment; /* the last one that was applied */
extern const char *said;                  /* on stderr, by what was called last */

/* What libvirt says: 0 and the one VM that it runs (NULL: none), or -1. */
extern int libvirt_answer;
extern const char *libvirt_runs;

/* A test case on a host of its own, its session not open yet. */
TCase *plan_case(Suite *suite, const char *name);

/* Look at the host as it is now. Until then the test can change it; what is open already is closed first. */
void open_session(void);
void close_session(void);

/* --- the host: ens1f0 is PF 1 */

/* The VF's address. */
const char *vf_address(unsigned pf, unsigned vf);
const char *vf_path(unsigned pf, unsigned vf);

/* Who has it, as the open ledger says. */
const char *owner(const char *address);

/* Somebody has the VF already: a name is all that it takes. */
void give(unsigned pf, unsigned vf, const char *vm);

/* VM A has the VF, for a vNIC on that network; @over: it had. */
void put_record(unsigned pf, unsigned vf, const char *network, const struct vfpt_mac *mac, bool over);

/* A bridge is on its network device. */
void use(unsigned pf, unsigned vf);

/* A guest has it. */
void bind_to_vfio(unsigned pf, unsigned vf);

/* A process of root says that it is that VM's. */
void put_process(unsigned pid, const char *vm);

/*
 * Who has what before: "PF.VF=VM", VM b or c; "PF.VF=a" or "PF.VF=a/NETWORK", with a whole record;
 * "PF.VF=use" for others' use; "PF.VF=last" or "PF.VF=other" for what the vNIC aa or another one of VM A had
 * last time; "PF=down"; "PF=nodeN"; "PF=switchdev"; "PF=vfs", a number.
 */
void prepare(const char *list);

/* Put the function into the iommu group of VF 0 of ens1f0, which is 11. */
void join_group(const char *function);

/* --- drivers */

/* MAC of the VF as it was at first. All else is 0, but for spoof check: that is on. */
uint64_t mac_at_first(unsigned pf, unsigned vf);

/* Every VF of every driver is as it was at first. */
void ck_assert_all_back(void);

/* What ens1f0's driver was asked for since the last call. */
const char *set_since(void);

/* --- plans */

/* A vNIC on that network with a MAC of its own, passthrough required. */
struct vfpt_request request_of(const char *bridge);

/* The VF of a network device by its name. */
struct vfpt_request request_by_name(const char *netdev);

/* VM @vm starts with these; @options NULL: none. @return 0, or -1 with @err */
int plan_start(const char *vm, const struct vfpt_request *list, size_t count,
	const struct vfpt_plan_options *options);

/* This vNIC is plugged into VM @vm. @return the same */
int plan_plug(const char *vm, const struct vfpt_request *request);
int plan_plug_with(
	const char *vm, const struct vfpt_request *request, const struct vfpt_plan_options *options);

/* "VF 0 of ens1f0" for the vNIC of that number, or why it gets none. */
const char *planned(size_t number);

/* The steps of its plan, "set 0 vlan_id 200" a line. */
const char *steps(size_t number);

/* Carry the last plan out. @return 0, or -1 with @err */
int apply(void);
void undo(void);

/* Plan and apply for a vNIC that is plugged. @return as planned() */
const char *plug(const char *vm, const char *bridge);
const char *plug_request(const char *vm, const struct vfpt_request *request);

/* The vNIC gets no VF, with that code, and nothing is done. @return why */
const char *refusal(const char *vm, const struct vfpt_request *request, enum vfpt_code code);

/* Release the last assignment. @return 0, or -1 with @err */
int release(void);

#endif
