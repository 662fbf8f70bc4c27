/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

#define CONFIGURATION "etc/vdsm/vfpt.conf"

static struct vfpt_error err;
static struct vfpt_config *config;

static void free_config(void)
{
	vfpt_config_free(config);
	config = NULL;
}

/* --- what it says, in one line: all that is not the default */

static const char *range_list(const struct vfpt_set *set)
{
	const char *list = "";

	for (unsigned first = 0, last; first < VFPT_SET_SIZE; first = last + 1) {
		last = first;
		if (!vfpt_set_has(set, first))
			continue;
		while (vfpt_set_has(set, last + 1))
			last++;
		list = text(first == last ? "%s%s%u" : "%s%s%u-%u", list, *list ? "," : "", first, last);
	}
	return list;
}

static const char *policy_shown(const struct vfpt_policy *policy)
{
	static const char *const numa[] = {
		[VFPT_NUMA_PREFER] = "", [VFPT_NUMA_REQUIRE] = " require", [VFPT_NUMA_IGNORE] = " ignore"};
	static const char *const untagged[] = {[VFPT_UNTAGGED_WARN] = "",
		[VFPT_UNTAGGED_ALLOW] = " untagged",
		[VFPT_UNTAGGED_REFUSE] = " tagged"};

	return text("%s%s%s%s%s%s%s%s", policy->gap_allowed ? " allow" : "", policy->pack ? " pack" : "",
		numa[policy->numa], untagged[policy->untagged],
		policy->lock_timeout != 60 ? text(" %u s", policy->lock_timeout) : "",
		policy->grace != 300 ? text(" grace %u s", policy->grace) : "",
		policy->liveness_timeout != 5 ? text(" liveness %u s", policy->liveness_timeout) : "",
		strcmp(policy->qemu_user, "qemu") != 0 ? text(" user %s", policy->qemu_user) : "");
}

static const char *profile_shown(const struct vfpt_profile *profile)
{
	static const char *const passthrough[] = {[VFPT_PASSTHROUGH_OFF] = "",
		[VFPT_PASSTHROUGH_REQUIRED] = " required",
		[VFPT_PASSTHROUGH_PREFERRED] = " preferred"};
	static const char *const mode[] = {[VFPT_MODE_HOSTDEV] = "",
		[VFPT_MODE_MACVTAP] = " macvtap",
		[VFPT_MODE_FAILOVER] = " failover"};
	const char *list = text("%s%s", passthrough[profile->passthrough], mode[profile->mode]);
	char value[VFPT_SETTING_SIZE];

	if (profile->pfs[0])
		list = text("%s vf_pf %s", list, profile->pfs);
	if (profile->port_profile[0])
		list = text("%s vmfex %s", list, profile->port_profile);
	for (enum vfpt_setting i = 0; i < VFPT_SETTING_COUNT; i++)
		if (vfpt_settings_have(&profile->settings, i))
			list = text("%s %s %s", list, vfpt_setting_name(i),
				vfpt_setting_print(i, profile->settings.value[i], value));
	return list;
}

static const char *network_shown(const struct vfpt_network_rules *network)
{
	return text("network %s:%s%s%s%s%s", network->name,
		network->pfs[0] ? text(" pfs %s", network->pfs) : "",
		network->has_vlan ? text(" vlan %u", network->vlan_id) : "",
		network->mtu ? text(" mtu %u", network->mtu) : "", profile_shown(&network->profile),
		network->has_vlan || network->vlan_id == 0 ? "" : " vlan unsaid");
}

static const char *pf_shown(const struct vfpt_pf_rules *pf)
{
	return text("pf %s:%s%s%s", pf->name, pf->networks ? text(" networks %s", pf->networks) : "",
		pf->exclude.count ? text(" exclude %s", range_list(&pf->exclude)) : "",
		pf->max_vfs_per_vm ? text(" max %u", pf->max_vfs_per_vm) : "");
}

static const char *shown(void)
{
	const char *all = policy_shown(&config->policy);

	all = *all ? text("; policy:%s", all) : "";
	for (size_t i = 0; i < config->network_count; i++)
		all = text("%s; %s", all, network_shown(&config->networks[i]));
	for (size_t i = 0; i < config->pf_count; i++)
		all = text("%s; %s", all, pf_shown(&config->pfs[i]));
	return *all ? all + 2 : all;
}

/* Read that text. @return what it says */
static const char *said_by(const char *conf)
{
	put_file(CONFIGURATION, conf);
	free_config();
	ck_assert_ok(vfpt_config_read(root_fd, &config, &err), err);
	return shown();
}

/* Whatever is there is an error; who must go on has the defaults. @return its message */
static const char *refusal(void)
{
	free_config();
	ck_assert_fails(vfpt_config_read(root_fd, &config, &err), err, VFPT_BAD_INPUT);
	ck_assert_ptr_nonnull(config);
	ck_assert_str_eq(shown(), "");
	return err.message;
}

/* --- what there is to say */

#define NAME_40 "0123456789012345678901234567890123456789"

static const struct {
	const char *conf, *said;
} good[] = {
	/* nothing */
	{"", ""},
	{"\n\n", ""},
	{"\n# a comment\n; another\n  # a third\n\t;\n", ""},
	{"[policy]\n", ""},
	{"[policy]", ""},
	/* [policy] */
	{"[policy]\ngap = allow\n", "policy: allow"},
	{"[policy]\ngap = refuse\n", ""},
	{"[policy]\nplacement = pack\n", "policy: pack"},
	{"[policy]\nplacement = spread\n", ""},
	{"[policy]\nnuma = prefer\n", ""},
	{"[policy]\nnuma = require\n", "policy: require"},
	{"[policy]\nnuma = ignore\n", "policy: ignore"},
	{"[policy]\nuntagged = warn\n", ""},
	{"[policy]\nuntagged = allow\n", "policy: untagged"},
	{"[policy]\nuntagged = refuse\n", "policy: tagged"},
	{"[policy]\nuntagged = refuse\nuntagged = warn\n", ""},
	{"[policy]\nlock_timeout = 0\n", "policy: 0 s"},
	{"[policy]\nlock_timeout = 1\n", "policy: 1 s"},
	{"[policy]\nlock_timeout = 60\n", ""},
	{"[policy]\nlock_timeout = 3600\n", "policy: 3600 s"},
	{"[policy]\nlock_timeout = 007\n", "policy: 7 s"},
	{"[policy]\ngrace = 0\n", "policy: grace 0 s"},
	{"[policy]\ngrace = 300\n", ""},
	{"[policy]\ngrace = 86400\n", "policy: grace 86400 s"},
	{"[policy]\nliveness_timeout = 0\n", "policy: liveness 0 s"},
	{"[policy]\nliveness_timeout = 5\nqemu_user = qemu\n", ""},
	{"[policy]\nqemu_user = libvirt-qemu\n", "policy: user libvirt-qemu"},
	{"[policy]\nqemu_user = 64055\n", "policy: user 64055"},
	{"[policy]\ngap = allow\nplacement = pack\nnuma = ignore\nlock_timeout = 5\ngrace = 6\n"
	 "liveness_timeout = 7\nqemu_user = 8\n",
		"policy: allow pack ignore 5 s grace 6 s liveness 7 s user 8"},
	/* the last one counts */
	{"[policy]\ngap = allow\ngap = refuse\n", ""},
	{"[policy]\nplacement = pack\nplacement = spread\n", ""},
	{"[policy]\nnuma = require\nnuma = prefer\n", ""},
	{"[policy]\nlock_timeout = 5\nlock_timeout = 6\n", "policy: 6 s"},
	{"[policy]\ngap = allow\n[policy]\nplacement = pack\n", "policy: allow pack"},
	/* [network NAME] */
	{"[network red]\npfs = ens1f0\n", "network red: pfs ens1f0"},
	{"[network red]\npfs = ens1f0,ens2f*,e[12]\n", "network red: pfs ens1f0,ens2f*,e[12]"},
	{"[network red]\npfs = ens1f0, ens2f* ,\te[12]\n", "network red: pfs ens1f0,ens2f*,e[12]"},
	{"[network red]\npfs = ens1f0 ,\n  ens2f0,\n", "network red: pfs ens1f0,ens2f0"},
	{"[network red]\npfs = ens1f0\npfs = ens2f0\n", "network red: pfs ens1f0,ens2f0"},
	{"[network red]\npfs = ens1f0\n  ens2f0\n\tens3f0,ens4f0\n",
		"network red: pfs ens1f0,ens2f0,ens3f0,ens4f0"},
	{"[network red]\nvlan = 0\n", "network red: vlan 0"},
	{"[network red]\nvlan = 1\n", "network red: vlan 1"},
	{"[network red]\nvlan = 4094\n", "network red: vlan 4094"},
	{"[network red]\nvlan = 7\nvlan = 0\n", "network red: vlan 0"},
	{"[network red]\nmtu = 0\n", "network red:"},
	{"[network red]\nmtu = 1500\n", "network red: mtu 1500"},
	{"[network red]\nmtu = 65535\n", "network red: mtu 65535"},
	{"[network red]\npassthrough = preferred\n", "network red: preferred"},
	{"[network red]\npassthrough = required\n", "network red: required"},
	{"[network red]\npassthrough = off\n", "network red:"},
	{"[network red]\npassthrough_mode = macvtap\n", "network red: macvtap"},
	{"[network red]\npassthrough_mode = failover\n", "network red: failover"},
	{"[network red]\nvf_pf = ens1f0,ens2*\n", "network red: vf_pf ens1f0,ens2*"},
	{"[network red]\nvmfex = Gold: edge 1\n", "network red: vmfex Gold: edge 1"},
	{"[network red]\nvf_vlan = 100:3:802.1ad\n",
		"network red: vlan_id 100 vlan_priority 3 vlan_protocol 802.1ad"},
	{"[network red]\nvf_vlan = 100:3\nvf_vlan = 200\n", "network red: vlan_id 200"},
	{"[network red]\nvf_rate = 10-20\n", "network red: max_tx_rate 20 min_tx_rate 10"},
	{"[network red]\nvf_spoofchk = off\nvf_trust = on\nvf_rss_query = on\nvf_link = enable\n",
		"network red: spoofchk off trust on rss_query on link_state enable"},
	{"[network red]\nvlan = 5\nmtu = 9000\npfs = a\npassthrough = required\nvf_vlan = 6\n",
		"network red: pfs a vlan 5 mtu 9000 required vlan_id 6"},
	/* [pf NAME] */
	{"[pf ens1f0]\nnetworks = red\n", "pf ens1f0: networks red"},
	{"[pf ens1f0]\nnetworks = red, blue net, x*\n", "pf ens1f0: networks red,blue net,x*"},
	{"[pf ens1f0]\nnetworks = a=b:c\n", "pf ens1f0: networks a=b:c"},
	{"[pf ens1f0]\nnetworks = red\n  [xy]z\n  x[yz]\n", "pf ens1f0: networks red,[xy]z,x[yz]"},
	{"[pf ens1f0]\nnetworks = red\nnetworks = blue\n", "pf ens1f0: networks red,blue"},
	{"[pf ens1f0]\nnetworks = red\n  blue net\n  green\n", "pf ens1f0: networks red,blue net,green"},
	{"[pf ens1f0]\nnetworks =\n  red,\n  blue\n", "pf ens1f0: networks red,blue"},
	{"[pf ens1f0]\nnetworks =\n", "pf ens1f0: networks "},
	{"[pf ens1f0]\nexclude = 0\n", "pf ens1f0: exclude 0"},
	{"[pf ens1f0]\nexclude = 0-3,6, 8 - 9\n", "pf ens1f0: exclude 0-3,6,8-9"},
	{"[pf ens1f0]\nexclude = 0-3,\n  6\n", "pf ens1f0: exclude 0-3,6"},
	{"[pf ens1f0]\nexclude = 0-65535,^7\n", "pf ens1f0: exclude 0-6,8-65535"},
	{"[pf ens1f0]\nexclude = 0-3\n  6\nexclude = 5\n", "pf ens1f0: exclude 0-3,5-6"},
	{"[pf ens1f0]\nmax_vfs_per_vm = 0\n", "pf ens1f0:"},
	{"[pf ens1f0]\nmax_vfs_per_vm = 1\n", "pf ens1f0: max 1"},
	{"[pf ens1f0]\nmax_vfs_per_vm = 65535\n", "pf ens1f0: max 65535"},
	{"[pf ens1f0]\nexclude = 1\nnetworks = red\nmax_vfs_per_vm = 2\n",
		"pf ens1f0: networks red exclude 1 max 2"},
	/* sections add up by their names */
	{"[network red]\nvlan = 1\n[pf a]\nexclude = 1\n[network red]\nmtu = 9\n[pf a]\nexclude = 3\n",
		"network red: vlan 1 mtu 9; pf a: exclude 1,3"},
	{"[pf b]\nexclude = 1\n[network n]\nvlan = 1\n[pf a]\nexclude = 2\n[policy]\ngap = allow\n[network "
	 "m]\n"
	 "vlan = 2\n",
		"policy: allow; network n: vlan 1; network m: vlan 2; pf b: exclude 1; pf a: exclude 2"},
	{"[network ens1f0]\nvlan = 1\n[pf ens1f0]\nexclude = 1\n",
		"network ens1f0: vlan 1; pf ens1f0: exclude 1"},
	/* names */
	{"[network blue net]\nvlan = 1\n", "network blue net: vlan 1"},
	{"[network  \t red]\nvlan = 1\n", "network red: vlan 1"},
	{"[network Red]\nvlan = 1\n[network red]\nvlan = 2\n", "network Red: vlan 1; network red: vlan 2"},
	{"[network a=b:c;d#e]\nvlan = 1\n", "network a=b:c;d#e: vlan 1"},
	{"[network r\xc3\xb6t]\nvlan = 1\n", "network r\xc3\xb6t: vlan 1"},
	{"[network policy]\nvlan = 1\n", "network policy: vlan 1"},
	{"[network " NAME_40 "]\nvlan = 1\n", "network " NAME_40 ": vlan 1"},
	{"[pf fifteencharacte]\nexclude = 1\n", "pf fifteencharacte: exclude 1"},
	/* how it can be written */
	{"[policy]\ngap=allow", "policy: allow"},
	{"[policy]\r\n  gap\t:\tallow ; for igb\r\n", "policy: allow"},
	{"[policy]\r\ngap = allow\r\n\r\n[pf a]\r\nnetworks = red\r\n  blue\r\n",
		"policy: allow; pf a: networks red,blue"},
	{"\xef\xbb\xbf[policy]\ngap = allow\n", "policy: allow"},
	{"[policy] ; how to go about it\ngap = allow ;\n", "policy: allow"},
	{"[pf a]\nnetworks = red\n# not blue\n\n  green ; and that's it\n", "pf a: networks red,green"},
	{"[pf a]\nnetworks = red\n  green\t; and that's it\n  blue;net\n",
		"pf a: networks red,green,blue;net"},
	{"[pf a]\nnetworks = red\n  green  \t ; and that's it\n", "pf a: networks red,green"},
	{"  [policy]\n  gap = allow\n[pf a]\n  exclude = 1\n", "policy: allow; pf a: exclude 1"},
	{"[pf a]\nnetworks = red;blue\n", "pf a: networks red;blue"},
	{"[pf a]\nnetworks = red\n[policy]\ngap = allow", "policy: allow; pf a: networks red"},
};

START_TEST(configuration_says_what_is_written_there)
{
	ck_assert_str_eq(said_by(good[_i].conf), good[_i].said);
}
END_TEST

START_TEST(without_a_file_there_are_the_defaults)
{
	if (_i > 0)
		put_directory(_i > 1 ? "etc/vdsm" : "etc");
	ck_assert_ok(vfpt_config_read(root_fd, &config, &err), err);
	ck_assert_str_eq(shown(), "");
	ck_assert(!config->policy.gap_allowed);
	ck_assert(!config->policy.pack);
	ck_assert_int_eq(config->policy.numa, VFPT_NUMA_PREFER);
	ck_assert_int_eq(config->policy.untagged, VFPT_UNTAGGED_WARN);
	ck_assert_uint_eq(config->policy.lock_timeout, 60);
	ck_assert_uint_eq(config->policy.grace, 300);
	ck_assert_uint_eq(config->network_count, 0);
	ck_assert_uint_eq(config->pf_count, 0);
}
END_TEST

START_TEST(many_sections_are_told_apart)
{
	const char *conf = "[policy]\n";

	for (unsigned i = 0; i < 300; i++)
		conf = text(
			"%s[network n%u]\nvlan = %u\n[pf p%u]\nmax_vfs_per_vm = %u\n", conf, i, i, i, i + 1);
	(void)said_by(conf);
	ck_assert_uint_eq(config->network_count, 300);
	ck_assert_uint_eq(config->pf_count, 300);
	for (unsigned i = 0; i < 300; i++) {
		const struct vfpt_network_rules *network = vfpt_config_network(config, text("n%u", i), NULL);
		const struct vfpt_pf_rules *pf = vfpt_config_pf(config, text("p%u", i));

		ck_assert_ptr_nonnull(network);
		ck_assert_ptr_nonnull(pf);
		ck_assert_uint_eq(network->vlan_id, i);
		ck_assert_uint_eq(pf->max_vfs_per_vm, i + 1);
	}
}
END_TEST

/* --- mistakes */

#define NO_SECTION "no such section; there are [policy], [network NAME] and [pf NAME]"
#define TOO_LONG   "the name is longer than 48 characters"

static const struct {
	const char *conf, *refusal;
} bad[] = {
	/* [policy] */
	{"[policy]\ngap = maybe\n",
		"line 2: [policy] gap = maybe: unknown value \"maybe\"; it is refuse or allow"},
	{"[policy]\ngap = Allow\n",
		"line 2: [policy] gap = Allow: unknown value \"Allow\"; it is refuse or allow"},
	{"[policy]\ngap =\n", "line 2: [policy] gap = : unknown value \"\"; it is refuse or allow"},
	{"[policy]\ngap = allow # igb\n",
		"line 2: [policy] gap = allow # igb: unknown value \"allow # igb\"; it is refuse or allow"},
	{"[policy]\ngap = \"allow\"\n",
		"line 2: [policy] gap = \"allow\": unknown value \"\"allow\"\"; it is refuse or allow"},
	{"[policy]\ngap = \x1b[31m\n",
		"line 2: [policy] gap = ?[31m: unknown value \"?[31m\"; it is refuse or allow"},
	{"[policy]\nplacement = packed\n",
		"line 2: [policy] placement = packed: unknown value \"packed\"; it is spread or pack"},
	{"[policy]\nplacement =\n",
		"line 2: [policy] placement = : unknown value \"\"; it is spread or pack"},
	{"[policy]\nnuma = required\n", "line 2: [policy] numa = required: unknown value \"required\"; it is "
					"prefer, require or ignore"},
	{"[policy]\nnuma = 0\n",
		"line 2: [policy] numa = 0: unknown value \"0\"; it is prefer, require or ignore"},
	{"[policy]\nnuma =\n",
		"line 2: [policy] numa = : unknown value \"\"; it is prefer, require or ignore"},
	{"[policy]\nuntagged = refused\n", "line 2: [policy] untagged = refused: unknown value "
					   "\"refused\"; it is warn, allow or refuse"},
	{"[policy]\nuntagged =\n",
		"line 2: [policy] untagged = : unknown value \"\"; it is warn, allow or refuse"},
	{"[network red]\nuntagged = allow\n", "line 2: [network red] untagged = allow: not known; there are "
					      "pfs, vlan, mtu and the vNIC's custom properties"},
	{"[policy]\nlock_timeout = 3601\n",
		"line 2: [policy] lock_timeout = 3601: \"3601\" is no number from 0 to 3600"},
	{"[policy]\nlock_timeout = -1\n",
		"line 2: [policy] lock_timeout = -1: \"-1\" is no number from 0 to 3600"},
	{"[policy]\nlock_timeout = 60s\n",
		"line 2: [policy] lock_timeout = 60s: \"60s\" is no number from 0 to 3600"},
	{"[policy]\nlock_timeout = 0x10\n",
		"line 2: [policy] lock_timeout = 0x10: \"0x10\" is no number from 0 to 3600"},
	{"[policy]\nlock_timeout =\n", "line 2: [policy] lock_timeout = : \"\" is no number from 0 to 3600"},
	{"[policy]\nlock_timeout = 18446744073709551617\n",
		"line 2: [policy] lock_timeout = 18446744073709551617: \"18446744073709551617\" is no number "
		"from "
		"0 to 3600"},
	{"[policy]\ngrace = 86401\n",
		"line 2: [policy] grace = 86401: \"86401\" is no number from 0 to 86400"},
	{"[policy]\ngrace = -1\n", "line 2: [policy] grace = -1: \"-1\" is no number from 0 to 86400"},
	{"[policy]\nliveness_timeout = 601\n",
		"line 2: [policy] liveness_timeout = 601: \"601\" is no number from 0 to 600"},
	{"[policy]\nqemu_user =\n", "line 2: [policy] qemu_user = : \"\" is no user's name"},
	{"[policy]\nqemu_user = a b\n", "line 2: [policy] qemu_user = a b: \"a b\" is no user's name"},
	{"[policy]\nqemu_user = 012345678901234567890123456789012\n",
		"line 2: [policy] qemu_user = 012345678901234567890123456789012: "
		"\"012345678901234567890123456789012\" is no user's name"},
	{"[policy]\ngrace =\n", "line 2: [policy] grace = : \"\" is no number from 0 to 86400"},
	{"[policy]\n\n# x\ncolour = red\n",
		"line 4: [policy] colour = red: not known; there are gap, "
		"placement, numa, untagged, lock_timeout, liveness_timeout, grace and qemu_user"},
	{"[policy]\nGap = allow\n", "line 2: [policy] Gap = allow: not known; there are gap, placement, "
				    "numa, untagged, lock_timeout, liveness_timeout, grace and qemu_user"},
	{"[policy]\nvf_trust = on\n", "line 2: [policy] vf_trust = on: not known; there are gap, placement, "
				      "numa, untagged, lock_timeout, liveness_timeout, grace and qemu_user"},
	{"[policy]\n= allow\n", "line 2: [policy]  = allow: not known; there are "
				"gap, placement, numa, untagged, "
				"lock_timeout, liveness_timeout, grace and qemu_user"},
	/* [network NAME] */
	{"[network red]\npfs =\n", "line 2: [network red] pfs = : custom property vf_pf: it is empty"},
	{"[network red]\npfs = ens1f0 ens2f0\n", "line 2: [network red] pfs = ens1f0 ens2f0: custom property "
						 "vf_pf: \"ens1f0 ens2f0\" has \" \" in it"},
	{"[network red]\npfs = ,\n",
		"line 2: [network red] pfs = ,: custom property vf_pf: \",\" has an empty name in it"},
	{"[network red]\npfs = ens1f0,,\n", "line 2: [network red] pfs = ens1f0,,: custom property vf_pf: "
					    "\"ens1f0,\" has an empty name in it"},
	{"[network red]\npfs = ens1f0,,ens2f0\n", "line 2: [network red] pfs = ens1f0,,ens2f0: custom "
						  "property vf_pf: \"ens1f0,,ens2f0\" has an empty "
						  "name in it"},
	{"[network red]\npfs = ens1f0\n  ../x\n",
		"line 3: [network red] pfs = ../x: custom property vf_pf: \"../x\" has \"/\" in it"},
	{"[network red]\nvlan = 4095\n",
		"line 2: [network red] vlan = 4095: \"4095\" is no number from 0 to 4094"},
	{"[network red]\nvlan = -1\n", "line 2: [network red] vlan = -1: \"-1\" is no number from 0 to 4094"},
	{"[network red]\nvlan =\n", "line 2: [network red] vlan = : \"\" is no number from 0 to 4094"},
	{"[network red]\nvlan = none\n",
		"line 2: [network red] vlan = none: \"none\" is no number from 0 to 4094"},
	{"[network red]\nvlan = 1:3\n",
		"line 2: [network red] vlan = 1:3: \"1:3\" is no number from 0 to 4094"},
	{"[network red]\nmtu = 65536\n",
		"line 2: [network red] mtu = 65536: \"65536\" is no number from 0 to 65535"},
	{"[network red]\nmtu = 9k\n", "line 2: [network red] mtu = 9k: \"9k\" is no number from 0 to 65535"},
	{"[network red]\nmtu =\n", "line 2: [network red] mtu = : \"\" is no number from 0 to 65535"},
	{"[network red]\npassthrough = yes\n", "line 2: [network red] passthrough = yes: custom property "
					       "passthrough: unknown value \"yes\"; it is "
					       "off, required or preferred"},
	{"[network red]\npassthrough_mode = direct\n", "line 2: [network red] passthrough_mode = direct: "
						       "custom property passthrough_mode: unknown value "
						       "\"direct\"; it is hostdev, macvtap or failover"},
	{"[network red]\nvf_pf = a b\n",
		"line 2: [network red] vf_pf = a b: custom property vf_pf: \"a b\" has \" \" in it"},
	{"[network red]\nvf_vlan = 4095\n", "line 2: [network red] vf_vlan = 4095: custom property vf_vlan: "
					    "vlan_id \"4095\" is not a number from 0 "
					    "to 4094"},
	{"[network red]\nvf_rate = fast\n", "line 2: [network red] vf_rate = fast: custom property vf_rate: "
					    "max_tx_rate \"fast\" is not a number "
					    "from 0 to 4294967295"},
	{"[network red]\nvf_spoofchk = 1\n", "line 2: [network red] vf_spoofchk = 1: custom property "
					     "vf_spoofchk: spoofchk \"1\" is none of off, on"},
	{"[network red]\nvf_trust =\n",
		"line 2: [network red] vf_trust = : custom property vf_trust: trust \"\" is none of off, on"},
	{"[network red]\nvf_rss_query = yes\n", "line 2: [network red] vf_rss_query = yes: custom property "
						"vf_rss_query: rss_query \"yes\" is none of "
						"off, on"},
	{"[network red]\nvf_link = up\n", "line 2: [network red] vf_link = up: custom property vf_link: "
					  "link_state \"up\" is none of auto, enable, "
					  "disable"},
	{"[network red]\nvmfex = a/b\n",
		"line 2: [network red] vmfex = a/b: custom property vmfex: \"a/b\" has \"/\" in it"},
	{"[network red]\nvf_mirror = on\n", "line 2: [network red] vf_mirror = on: not known; there are pfs, "
					    "vlan, mtu and the vNIC's custom "
					    "properties"},
	{"[network red]\ngap = allow\n", "line 2: [network red] gap = allow: not known; there are pfs, vlan, "
					 "mtu and the vNIC's custom properties"},
	{"[network red]\nexclude = 1\n", "line 2: [network red] exclude = 1: not known; there are pfs, vlan, "
					 "mtu and the vNIC's custom properties"},
	/* [pf NAME] */
	{"[pf ens1f0]\nexclude =\n",
		"line 2: [pf ens1f0] exclude = : \"\" is no list of VF indices, as in 0-3,6"},
	{"[pf ens1f0]\nexclude = all\n",
		"line 2: [pf ens1f0] exclude = all: \"all\" is no list of VF indices, as in 0-3,6"},
	{"[pf ens1f0]\nexclude = 3-1\n",
		"line 2: [pf ens1f0] exclude = 3-1: \"3-1\" is no list of VF indices, as in 0-3,6"},
	{"[pf ens1f0]\nexclude = 65536\n",
		"line 2: [pf ens1f0] exclude = 65536: \"65536\" is no list of VF indices, as in 0-3,6"},
	{"[pf ens1f0]\nexclude = 0-3\n 4,,\n",
		"line 3: [pf ens1f0] exclude = 4,,: \"4,\" is no list of VF indices, as in 0-3,6"},
	{"[pf ens1f0]\nmax_vfs_per_vm = 65536\n",
		"line 2: [pf ens1f0] max_vfs_per_vm = 65536: \"65536\" is no number from 0 to 65535"},
	{"[pf ens1f0]\nmax_vfs_per_vm = two\n",
		"line 2: [pf ens1f0] max_vfs_per_vm = two: \"two\" is no number from 0 to 65535"},
	{"[pf ens1f0]\nmax_vfs_per_vm =\n",
		"line 2: [pf ens1f0] max_vfs_per_vm = : \"\" is no number from 0 to 65535"},
	{"[pf ens1f0]\npfs = ens2f0\n", "line 2: [pf ens1f0] pfs = ens2f0: not known; there are networks, "
					"exclude and max_vfs_per_vm"},
	{"[pf ens1f0]\nvf_trust = on\n", "line 2: [pf ens1f0] vf_trust = on: not known; there are networks, "
					 "exclude and max_vfs_per_vm"},
	/* names */
	{"gap = allow\n", "line 1: [] gap = allow: " NO_SECTION},
	{"[policy]\n" NAME_40 "012345678 = 1\n", "line 2: [policy] " NAME_40 " = 1: " TOO_LONG},
	{"[policy]\n" NAME_40 "01234567 = 1\n", "line 2: [policy] " NAME_40 " = 1: not known; there are "
						"gap, placement, numa, untagged, lock_timeout, "
						"liveness_timeout, grace and qemu_user"},
	/* lines */
	{"[policy\ngap = allow\n", "line 1: neither a section nor KEY = VALUE"},
	{"[policy]\ngap\n", "line 2: neither a section nor KEY = VALUE"},
	{"[policy]\ngap = allow\ngarbage", "line 3: neither a section nor KEY = VALUE"},
	{"garbage\n[policy]\ngap = x\n", "line 1: neither a section nor KEY = VALUE"},
	{"[policy]\ngap = x\ngarbage\n",
		"line 2: [policy] gap = x: unknown value \"x\"; it is refuse or allow"},
	{"[policy]\ngap = x\ngap = y\n",
		"line 2: [policy] gap = x: unknown value \"x\"; it is refuse or allow"},
	{"[policy]\ngap = allow\n\n\n\ngap = y\n",
		"line 6: [policy] gap = y: unknown value \"y\"; it is refuse or allow"},
	{"[policy]\r\ngap = x\r\n", "line 2: [policy] gap = x: unknown value \"x\"; it is refuse or allow"},
	{"\xff\xfe[policy]\ngap = x\n", "line 1: neither a section nor KEY = VALUE"},
	{"x\xef\xbb\xbf\n[policy]\ngap = x\n", "line 1: neither a section nor KEY = VALUE"},
};

START_TEST(mistake_is_told_with_its_line)
{
	put_file(CONFIGURATION, bad[_i].conf);
	ck_assert_str_eq(refusal(), text("/etc/vdsm/vfpt.conf, %s", bad[_i].refusal));
}
END_TEST

static const struct {
	const char *section, *reason;
} bad_sections[] = {
	{"", NO_SECTION},
	{"polizei", NO_SECTION},
	{"pf ens1f*", "each PF has a section of its own; no patterns here"},
	{"pf ens1f?", "each PF has a section of its own; no patterns here"},
	{"Policy", NO_SECTION},
	{"policy red", NO_SECTION},
	{"policy ", NO_SECTION},
	{" policy", NO_SECTION},
	{"network", NO_SECTION},
	{"network ", NO_SECTION},
	{"network  ", NO_SECTION},
	{"networks red", NO_SECTION},
	{"networkred", NO_SECTION},
	{"network:red", NO_SECTION},
	{" network red", NO_SECTION},
	{"pf", NO_SECTION},
	{"pf ", NO_SECTION},
	{"pfens1f0", NO_SECTION},
	{"PF ens1f0", NO_SECTION},
	{"pf sixteencharacter", NO_SECTION},
	{"\x1b[31m", NO_SECTION},
	{"network " NAME_40 "x", TOO_LONG},
	{"network " NAME_40 NAME_40, TOO_LONG},
};

START_TEST(section_that_is_none_is_refused)
{
	static const char *const keys[] = {"", "gap = allow\n", "vlan = 1\n", "exclude = 1\n"};
	const char *section = bad_sections[_i].section;

	for (size_t i = 1; i < ARRAY_SIZE(keys); i++) {
		put_file(CONFIGURATION, text("[%s]\n%s", section, keys[i]));
		ck_assert_msg(strncmp(refusal(), "/etc/vdsm/vfpt.conf, line ", 26) == 0, "\"%s\" has no line",
			err.message);
		ck_assert_contains(err.message, bad_sections[_i].reason);
		ck_assert_contains(
			err.message, text("[%.40s", section[0] == '\x1b' ? "?[31m]" : text("%s]", section)));
	}
}
END_TEST

/* Also when there is nothing in it. */
START_TEST(section_that_is_none_is_refused_even_if_empty)
{
	put_file(CONFIGURATION, text("[policy]\ngap = allow\n[%s]\n\n", bad_sections[_i].section));
	ck_assert_contains(refusal(), "/etc/vdsm/vfpt.conf, line 3: [");
	ck_assert_contains(err.message, bad_sections[_i].reason);
}
END_TEST

static const struct {
	const char *section, *refusal;
} excluding[] = {
	{"vmfex = Gold\nvf_vlan = 100\n", "custom properties vmfex and vf_vlan exclude each other: "},
	{"vf_vlan = 0\nvmfex = Gold\n", "custom properties vmfex and vf_vlan exclude each other: "},
	{"passthrough_mode = macvtap\nvf_vlan = 1:0:802.1ad\n",
		"passthrough_mode=macvtap and 802.1ad in vf_vlan exclude each other; "},
};

/* In whatever sections of that network they are. */
START_TEST(defaults_that_exclude_each_other_are_refused)
{
	const char *expected = text("/etc/vdsm/vfpt.conf, [network red]: %s", excluding[_i].refusal);

	put_file(CONFIGURATION, text("[network blue]\nvlan = 1\n[network red]\n%s", excluding[_i].section));
	ck_assert_msg(strncmp(refusal(), expected, strlen(expected)) == 0,
		"\"%s\" does not start with \"%s\"", err.message, expected);
	put_file(CONFIGURATION, text("[network red]\n%s",
					replaced(excluding[_i].section, "\n", "\n[pf x]\n[network red]\n")));
	ck_assert_msg(strncmp(refusal(), expected, strlen(expected)) == 0,
		"\"%s\" does not start with \"%s\"", err.message, expected);
	ck_assert_str_ne(said_by(text("[network red]\n%s",
				 replaced(excluding[_i].section, "\n", "\n[pf x]\n[network blue]\n"))),
		"");
}
END_TEST

/* --- long lines */

static const char *filled(char byte, size_t length)
{
	static char bytes[65536];

	ck_assert_uint_lt(length, sizeof(bytes));
	memset(bytes, byte, length);
	bytes[length] = '\0';
	return text("%s", bytes);
}

/* Without its end, of which a '\r' is no part. */
enum { LONGEST_LINE = 198 };

static const char *const ends[] = {"\n", "", "\r\n"};

/* "networks = xxx...", that many characters. */
static const char *long_line(size_t length)
{
	return text("networks = %s", filled('x', length - strlen("networks = ")));
}

START_TEST(longest_line_is_read_whole)
{
	const char *line = long_line(LONGEST_LINE - (ends[_i][0] == '\r'));

	ck_assert_str_eq(said_by(text("[pf a]\n%s%s", line, ends[_i])),
		text("pf a: networks %s", line + strlen("networks = ")));
}
END_TEST

static const unsigned too_long[] = {LONGEST_LINE + 1, LONGEST_LINE + 2, 2 * LONGEST_LINE - 1,
	2 * LONGEST_LINE, 2 * LONGEST_LINE + 1, 1000, 20000};

static const char *const too_long_message =
	"longer than 198 characters; a list can go on in the next line, indented";

/* A key with its value, a comment, a section, blanks: half of it would be something else. */
START_TEST(longer_line_is_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		const char *end = ends[i];
		size_t length = too_long[_i] - (end[0] == '\r');

		put_file(CONFIGURATION, text("[pf a]\n%s%s", long_line(length), end));
		ck_assert_str_eq(refusal(), text("/etc/vdsm/vfpt.conf, line 2: %s", too_long_message));
		put_file(CONFIGURATION, text("\n\n#%s%s", filled('x', length - 1), end));
		ck_assert_str_eq(refusal(), text("/etc/vdsm/vfpt.conf, line 3: %s", too_long_message));
		put_file(CONFIGURATION, text("[pf %s]%s", filled('x', length - 5), end));
		ck_assert_str_eq(refusal(), text("/etc/vdsm/vfpt.conf, line 1: %s", too_long_message));
		put_file(CONFIGURATION, text("%s%s", filled(' ', length), end));
		ck_assert_str_eq(refusal(), text("/etc/vdsm/vfpt.conf, line 1: %s", too_long_message));
	}
}
END_TEST

START_TEST(first_mistake_is_told_be_it_a_long_line_or_not)
{
	const char *line = long_line(500);

	put_file(CONFIGURATION, text("[policy]\ngap = x\n%s\n", line));
	ck_assert_contains(refusal(), "line 2: [policy] gap = x: ");
	put_file(CONFIGURATION, text("garbage\n%s\n", line));
	ck_assert_contains(refusal(), "line 1: neither a section nor KEY = VALUE");
	put_file(CONFIGURATION, text("[pf a]\n%s\ngarbage\nexclude = x\n", line));
	ck_assert_contains(refusal(), text("line 2: %s", too_long_message));
	put_file(CONFIGURATION, text("[pf a]\n%s\n%s\n", line, line));
	ck_assert_contains(refusal(), text("line 2: %s", too_long_message));
}
END_TEST

static const struct {
	const char *section, *key;
	unsigned room; /* for its list, with the commas between */
} lists[] = {{"network red", "pfs", 255}, {"pf ens1f0", "networks", 4095}};

/* In pieces of 99 characters, the last one what there is room for, or one more. */
START_TEST(list_that_goes_on_has_its_limit)
{
	const char *conf = text("[%s]\n%s = %s\n", lists[_i].section, lists[_i].key, filled('x', 99));
	unsigned used = 99, line = 2;

	for (; used + 1 + 99 + 1 < lists[_i].room; used += 100, line++)
		conf = text("%s  %s\n", conf, filled('x', 99));
	(void)said_by(text("%s  %s\n", conf, filled('y', lists[_i].room - used - 1)));
	ck_assert_uint_eq(strlen(_i ? config->pfs[0].networks : config->networks[0].pfs), lists[_i].room);
	put_file(CONFIGURATION, text("%s  %s\n", conf, filled('y', lists[_i].room - used)));
	ck_assert_str_eq(refusal(),
		text("/etc/vdsm/vfpt.conf, line %u: [%s] %s = %.40s: the list is longer than %u characters",
			line + 1, lists[_i].section, lists[_i].key, filled('y', lists[_i].room - used),
			lists[_i].room));
}
END_TEST

/* --- what lets a mistake pass in silence: nobody would know why the rule does not hold */

static const struct {
	const char *conf;
	size_t size;
	const char *refusal;
} silent[] = {
#define BYTES(literal) literal, sizeof(literal) - 1
	/* bytes behind a NUL */
	{BYTES("[policy]\ngap = refuse\0\nplacement = pack\n"), "line 2: "},
	{BYTES("[policy]\n\0gap = allow\n"), "line 2: "},
	{BYTES("[policy\0]\ngap = allow\n"), "line 1: "},
	{BYTES("[policy]\ngap = allow\n\0"), "line 3: "},
	{BYTES("[policy]\ngap = allow\n\0\0\0\0\0\0\0\0\n"), "line 3: "},
	/* a key that is taken for the next line of a list */
	{BYTES("[pf a]\n  networks = red\n  exclude = 0-3\n"), "line 3: "},
	{BYTES("[pf a]\nnetworks = red\n exclude=0-3\n"), "line 3: "},
	{BYTES("[pf a]\nnetworks = red\n  exclude: 0-3\n"), "line 3: "},
	{BYTES("[pf a]\nnetworks = red\n  [pf b]\n  exclude = 0-3\n"), "line 3: "},
	/* a second value for what has one */
	{BYTES("[policy]\ngap = refuse\n  allow\n"), "line 3: "},
	{BYTES("[policy]\ngap = allow\n  x\n"), "line 3: "},
	{BYTES("[policy]\nlock_timeout = 1\n\n\t2\n"), "line 4: "},
	{BYTES("[network red]\nvf_pf = ens1f0\n  ens2f0\n"), "line 3: "},
	{BYTES("[network red]\nvmfex = Gold\n  vf_trust: on\n"), "line 3: "},
	/* what stands behind a section's name */
	{BYTES("[policy] gap = allow\n"), "line 1: "},
	/* a section that says nothing, wherever it stands */
	{BYTES("\xef\xbb\xbf[polcy]\n"), "line 1: [polcy]: "},
	{BYTES("  [polcy]\n"), "line 1: [polcy]: "},
	{BYTES("[policy]\n\t[polcy]\n"), "line 2: [polcy]: "},
	{BYTES("[policy]\ngap = allow\n[pf a]\n  [polcy]\n"), "line 4: [polcy]: "},
	{BYTES("[network a]b]\nvlan = 1\n"), "line 1: "},
};

START_TEST(nothing_is_passed_over_in_silence)
{
	const char *expected = text("/etc/vdsm/vfpt.conf, %s", silent[_i].refusal);

	put_bytes(CONFIGURATION, silent[_i].conf, silent[_i].size);
	ck_assert_msg(strncmp(refusal(), expected, strlen(expected)) == 0,
		"\"%s\" does not start with \"%s\"", err.message, expected);
}
END_TEST

/* A rule that nobody would ever find. */
START_TEST(blank_behind_a_name_is_refused)
{
	static const char *const sections[] = {
		"pf ens1f0 ", "pf ens1f0\t", "network red ", "network blue net \t"};

	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		put_file(CONFIGURATION,
			text("[%s]\n%s = 1\n", sections[i], sections[i][0] == 'p' ? "exclude" : "vlan"));
		ck_assert_contains(refusal(), NO_SECTION);
	}
}
END_TEST

/* --- files that are none */

static const char *const targets[] = {"../../elsewhere", "nowhere", "vfpt.conf", "/dev/null"};

START_TEST(configuration_that_is_a_link_is_refused)
{
	put_file("elsewhere", "[policy]\ngap = allow\n");
	put_link(CONFIGURATION, targets[_i]);
	ck_assert_str_eq(refusal(), "cannot read /etc/vdsm/vfpt.conf: Too many levels of symbolic links");
}
END_TEST

#define NOT_TRUSTED                                                                                          \
	"/etc/vdsm/vfpt.conf must be a file of root or vdsm that nobody else can write; see chown and chmod"

START_TEST(configuration_that_is_a_directory_is_refused)
{
	put_directory(CONFIGURATION);
	ck_assert_contains(refusal(), "/etc/vdsm/vfpt.conf must be a file of root or vdsm");
}
END_TEST

static const struct {
	uid_t owner;
	mode_t mode;
	bool trusted;
} writers[] = {
	{0, 0644, true},
	{0, 0600, true},
	{0, 0444, true},
	{0, 0755, true},
	{VFPT_VDSM_UID, 0644, true},
	{VFPT_VDSM_UID, 0400, true},
	{0, 0620, false},
	{0, 0602, false},
	{VFPT_VDSM_UID, 0664, false},
	{65534, 0644, false},
	{65534, 0444, false},
	{VFPT_VDSM_UID + 1, 0600, false},
};

START_TEST(configuration_is_trusted_by_its_owner_and_mode)
{
	put_file(CONFIGURATION, "[policy]\ngap = allow\n");
	ck_assert_int_eq(chmod(in_root(CONFIGURATION), writers[_i].mode), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(chown(in_root(CONFIGURATION), writers[_i].owner, 0), 0);
	else if (writers[_i].owner != 0)
		return; /* it cannot be given away */
	if (writers[_i].trusted) {
		ck_assert_ok(vfpt_config_read(root_fd, &config, &err), err);
		ck_assert_str_eq(shown(), "policy: allow");
	} else {
		ck_assert_str_eq(refusal(), NOT_TRUSTED);
	}
}
END_TEST

START_TEST(place_that_is_no_directory_is_refused)
{
	put_file(_i ? "etc/vdsm" : "etc", "x");
	ck_assert_str_eq(refusal(), "cannot read /etc/vdsm/vfpt.conf: Not a directory");
}
END_TEST

/* Nobody writes to it: a hook that waited for that would never end. */
START_TEST(configuration_that_is_a_pipe_keeps_nobody_waiting)
{
	put_directory("etc/vdsm");
	ck_assert_int_eq(mkfifoat(root_fd, CONFIGURATION, 0644), 0);
	ck_assert_contains(refusal(), "/etc/vdsm/vfpt.conf must be a file of root or vdsm");
}
END_TEST

static void check_unreadable(void)
{
	become_nobody();
	need(vfpt_config_read(root_fd, &config, &err) == -1 && err.code == VFPT_BAD_INPUT, "it fails");
	need(strcmp(err.message, "cannot read /etc/vdsm/vfpt.conf: Permission denied") == 0,
		"the message: %s", err.message);
	need(config && !config->policy.gap_allowed && config->policy.lock_timeout == 60, "the defaults");
}

/* The administrator wrote something there: the defaults would not be what he decided. */
START_TEST(unreadable_configuration_is_refused)
{
	put_file(CONFIGURATION, "[policy]\ngap = allow\nlock_timeout = 1\n");
	ck_assert_int_eq(chmod(in_root(_i ? "etc/vdsm" : CONFIGURATION), 0), 0);
	in_child(check_unreadable);
	ck_assert_int_eq(chmod(in_root(_i ? "etc/vdsm" : CONFIGURATION), 0755), 0);
}
END_TEST

START_TEST(freeing_nothing_is_fine)
{
	vfpt_config_free(NULL);
}
END_TEST

/* --- whose rules */

static const struct {
	const char *network, *bridge;
	int vlan; /* of the rules that are found; -1: none */
} lookups[] = {
	{"red", "br1", 1},
	{"red", NULL, 1},
	{"br2", NULL, 2},
	{NULL, "br2", 2},
	{"other", "br2", 2},
	{"red", "br2", 1}, /* the logical name counts */
	{"green", "red", 3},
	{"blue net", "red", 4},
	{"other", "red", 1},
	{"other", "another", -1},
	{"other", NULL, -1},
	{NULL, "other", -1},
	{NULL, NULL, -1},
	{"re", "re", -1},
	{"Red", "redd", -1},
	{"", "", -1},
	{"*", NULL, -1},
	{"policy", "ens1f0", -1},
};

START_TEST(rules_of_a_network_are_found_by_its_name_or_else_its_bridges)
{
	const struct vfpt_network_rules *rules;

	(void)said_by("[policy]\ngap = allow\n[network br2]\nvlan = 2\n[network red]\nvlan = 1\n[pf ens1f0]\n"
		      "exclude = 1\n[network blue net]\nvlan = 4\n[network green]\nvlan = 3\n");
	rules = vfpt_config_network(config, lookups[_i].network, lookups[_i].bridge);
	ck_assert_int_eq(rules ? rules->vlan_id : -1, lookups[_i].vlan);
}
END_TEST

START_TEST(rules_of_a_pf_are_found_by_its_name)
{
	static const struct {
		const char *name;
		int max; /* -1: none */
	} pfs[] = {{"ens1f0", 1}, {"ens2f0", 2}, {"ens2f", -1}, {"ens2f00", -1}, {"", -1}, {"Ens1f0", -1},
		{"red", -1}};

	(void)said_by("[pf ens1f0]\nmax_vfs_per_vm = 1\n[network red]\nvlan = 1\n[pf ens2f0]\nmax_vfs_per_vm "
		      "= 2\n");
	for (size_t i = 0; i < ARRAY_SIZE(pfs); i++) {
		const struct vfpt_pf_rules *rules = vfpt_config_pf(config, pfs[i].name);

		ck_assert_msg((rules ? (int)rules->max_vfs_per_vm : -1) == pfs[i].max, "%s: %d, not %d",
			pfs[i].name, rules ? (int)rules->max_vfs_per_vm : -1, pfs[i].max);
	}
}
END_TEST

START_TEST(without_rules_none_are_found)
{
	(void)said_by("");
	ck_assert_ptr_null(vfpt_config_network(config, "red", "red"));
	ck_assert_ptr_null(vfpt_config_pf(config, "ens1f0"));
}
END_TEST

static TCase *config_case(Suite *suite, const char *name)
{
	TCase *tcase = new_case(suite, name, empty_setup);

	tcase_add_checked_fixture(tcase, NULL, free_config);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *tcase = config_case(suite, "values");

	tcase_add_loop_test(tcase, configuration_says_what_is_written_there, 0, ARRAY_SIZE(good));
	tcase_add_loop_test(tcase, without_a_file_there_are_the_defaults, 0, 3);
	tcase_add_test(tcase, many_sections_are_told_apart);

	tcase = config_case(suite, "mistakes");
	tcase_add_loop_test(tcase, mistake_is_told_with_its_line, 0, ARRAY_SIZE(bad));
	tcase_add_loop_test(tcase, section_that_is_none_is_refused, 0, ARRAY_SIZE(bad_sections));
	tcase_add_loop_test(
		tcase, section_that_is_none_is_refused_even_if_empty, 0, ARRAY_SIZE(bad_sections));
	tcase_add_loop_test(tcase, defaults_that_exclude_each_other_are_refused, 0, ARRAY_SIZE(excluding));
	tcase_add_loop_test(tcase, longest_line_is_read_whole, 0, ARRAY_SIZE(ends));
	tcase_add_loop_test(tcase, longer_line_is_refused, 0, ARRAY_SIZE(too_long));
	tcase_add_test(tcase, first_mistake_is_told_be_it_a_long_line_or_not);
	tcase_add_loop_test(tcase, list_that_goes_on_has_its_limit, 0, ARRAY_SIZE(lists));
	tcase_add_loop_test(tcase, nothing_is_passed_over_in_silence, 0, ARRAY_SIZE(silent));
	tcase_add_test(tcase, blank_behind_a_name_is_refused);

	tcase = config_case(suite, "files");
	tcase_add_loop_test(tcase, configuration_that_is_a_link_is_refused, 0, ARRAY_SIZE(targets));
	tcase_add_test(tcase, configuration_that_is_a_directory_is_refused);
	tcase_add_loop_test(tcase, configuration_is_trusted_by_its_owner_and_mode, 0, ARRAY_SIZE(writers));
	tcase_add_loop_test(tcase, place_that_is_no_directory_is_refused, 0, 2);
	tcase_add_test(tcase, configuration_that_is_a_pipe_keeps_nobody_waiting);
	tcase_add_loop_test(tcase, unreadable_configuration_is_refused, 0, 2);
	tcase_add_test(tcase, freeing_nothing_is_fine);

	tcase = config_case(suite, "lookups");
	tcase_add_loop_test(
		tcase, rules_of_a_network_are_found_by_its_name_or_else_its_bridges, 0, ARRAY_SIZE(lookups));
	tcase_add_test(tcase, rules_of_a_pf_are_found_by_its_name);
	tcase_add_test(tcase, without_rules_none_are_found);
	return run_suite(suite);
}
