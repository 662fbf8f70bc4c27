/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the module vfquirks share. RTNL protects all of it: the kernel holds it in all calls for
 * VFs and in notifiers of net devices.
 */
#ifndef VFQUIRKS_H
#define VFQUIRKS_H

#include <linux/ethtool.h>
#include <linux/jiffies.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/xarray.h>

/* Settings of a VF, then what else a condition can be about. */
enum subject {
	MAC,
	VLAN_ID,
	VLAN_PRIORITY,
	VLAN_PROTOCOL,
	MAX_TX_RATE,
	MIN_TX_RATE,
	SPOOFCHK,
	TRUST,
	LINK_STATE,
	RSS_QUERY,
	SETTINGS,
	ALL_MIN_TX_RATES = SETTINGS,
	SPEED,
	UP,
	CARRIER,
	SUBJECTS,
};

/* Values that are known only when they are needed, and none. */
#define VALUE_NONE  S64_MIN
#define VALUE_SAME  (S64_MIN + 1)
#define VALUE_SPEED (S64_MIN + 2)
#define VALUE_OWN   (S64_MIN + 3)

enum action { REFUSE, IGNORE, TAKE, SHOW, KEEP, DELAY, RESET, BUSY, FORGET, COUNT, ACTIONS };

struct condition {
	enum subject subject;
	char compare; /* '=', '!', '<', '>', or 0 for any value */
	s64 low, high;
};

struct rule {
	struct list_head list;
	char text[200];
	enum action action;
	struct condition conditions[4];
	int condition_count;
	int setting;                  /* the first setting among the conditions, or -1 */
	char pf[IFNAMSIZ];            /* empty: all */
	int vf;                       /* -1: all */
	int times;                    /* -1: for ever */
	unsigned int duration, waits; /* ms */
	unsigned long written;        /* jiffies */
	int read_error, set_error;
	s64 as;
	unsigned int rate, counters;
};

/* A time in which reads and sets wait and then fail. */
struct pause {
	bool is_on;
	unsigned long until; /* jiffies */
	unsigned int waits;  /* ms */
	int read_error, set_error;
};

struct vf {
	unsigned int is_kept; /* bits of settings */
	s64 kept[SETTINGS];
	unsigned int is_delayed; /* bits of settings, of which the one before is shown for a while */
	s64 before[SETTINGS];
	unsigned long shown_from[SETTINGS]; /* jiffies */
	unsigned int resets;
	struct pause pause;
	struct net_device *representor;
};

struct pf {
	struct list_head list;
	struct net_device *dev;
	struct net_device_ops ops;
	struct ethtool_ops ethtool_ops;
	const struct net_device_ops *real;
	const struct ethtool_ops *real_ethtool;
	struct xarray vfs;
	int vf_count;
	struct pause pause;
};

/* What the kernel asks to set at once. */
struct request {
	unsigned int asked; /* bits of settings */
	s64 value[SETTINGS];
};

/* Whether a rule fits depends on: the VF, what is asked for, what it has now. The last two may be NULL. */
struct situation {
	struct pf *pf;
	int index;
	const struct request *request;
	const s64 *now;
};

/* main.c */
struct pf *pf_of(const struct net_device *dev);
struct vf *vf_of(struct pf *pf, int index);
struct pci_dev *pf_pci(const struct pf *pf);
struct pci_dev *vf_pci(const struct pf *pf, int index);

/* rules.c */
extern const char *const counter_names[8];
extern struct list_head driver_rules, test_rules;
int add_rule(char *text, struct list_head *rules);
void clear_rules(struct list_head *rules);
s64 speed_of(struct net_device *dev);
struct rule *next_fitting(struct rule *rule, enum action action, const struct situation *situation);
void rule_used(struct rule *rule);

/* settings.c */
int settings_of(struct pf *pf, int index, struct ifla_vf_info *info, s64 *value);
void forget_settings(struct pf *pf);
void replace_vf_ops(struct net_device_ops *ops);

/* representors.c */
extern bool is_switchdev;
void add_representor(struct pf *pf, int index);
void replace_port_ops(struct net_device_ops *ops);

#endif
