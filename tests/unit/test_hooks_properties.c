/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a vNIC asks for: its properties, what it says itself, the defaults of its network. */
#include "hooks_support.h"

#include <string.h>

/* --- what a vNIC asks for, as VDSM hands it over */

/* One vNIC on blue with more elements in its interface, at one of the two points. */
static struct outcome connected(bool plugged, const char *elements, const char *properties)
{
	const char *one = replaced(vnic(MAC_1, "blue"), "<link state=\"up\"/>", elements);

	return plugged ? plugged_with(VM_A, one, properties)
		       : started_with(VM_A, domain_of(VM_A, metadata_of(MAC_1, NULL, properties), one));
}

/* --- what the vNIC itself says counts where no property says otherwise */

#define TAGGED               ", vlan_id 200, vlan_priority 0, vlan_protocol 802.1Q"
#define FILTER               "<filterref filter=\"vdsm-no-mac-spoofing\"/>"
#define DOWN                 "<link state=\"down\"/>"
#define OUTBOUND(attributes) "<bandwidth><outbound " attributes "/></bandwidth>"
#define INBOUND              "<bandwidth><inbound average=\"1280\"/></bandwidth>"

#define INBOUND_IS_NOT_KEPT  "a VF's received traffic cannot be limited; its inbound limit is not kept\n"
#define OUTBOUND_IS_NOT_KEPT "the switch's port profile decides its rate; its outbound limit is not kept\n"
#define BOTH_LIMITS          "<bandwidth><inbound average=\"1\"/><outbound average=\"2560\"/></bandwidth>"
#define ALL_OF_IT            FILTER DOWN BOTH_LIMITS

static const struct {
	const char *elements, *properties;
	const char *set;     /* behind the MAC */
	const char *warning; /* the one that there is */
} heeded[] = {
	{"", REQUIRED, TAGGED, NULL},
	/* the filter: spoof check, and without it what the driver does */
	{FILTER, REQUIRED, TAGGED ", spoofchk on", NULL},
	{FILTER, REQUIRED "vf_spoofchk=off", TAGGED ", spoofchk off", NULL},
	{FILTER, REQUIRED "vf_spoofchk=on", TAGGED ", spoofchk on", NULL},
	/* link state */
	{DOWN, REQUIRED, TAGGED ", link_state disable", NULL},
	{DOWN, REQUIRED "vf_link=auto", TAGGED ", link_state auto", NULL},
	{DOWN, REQUIRED "vf_link=enable", TAGGED ", link_state enable", NULL},
	{"<link state=\"up\"/>", REQUIRED, TAGGED, NULL},
	{"<link state=\"up\"/>", REQUIRED "vf_link=disable", TAGGED ", link_state disable", NULL},
	/* KiB/s become Mbit/s, rounded up; ens1f0 has 1000 */
	{OUTBOUND("average=\"1\""), REQUIRED, TAGGED ", max_tx_rate 1", NULL},
	{OUTBOUND("average=\"122\""), REQUIRED, TAGGED ", max_tx_rate 1", NULL},
	{OUTBOUND("average=\"123\""), REQUIRED, TAGGED ", max_tx_rate 2", NULL},
	{OUTBOUND("average=\"1280\" peak=\"2560\" burst=\"10240\""), REQUIRED, TAGGED ", max_tx_rate 21",
		NULL},
	/* 125 * 125 KiB/s are 128 Mbit/s to the bit */
	{OUTBOUND("average=\"15625\""), REQUIRED, TAGGED ", max_tx_rate 128", NULL},
	{OUTBOUND("average=\"15626\""), REQUIRED, TAGGED ", max_tx_rate 129", NULL},
	{OUTBOUND("average=\"121948\""), REQUIRED, TAGGED ", max_tx_rate 999", NULL},
	{OUTBOUND("average=\"122070\""), REQUIRED, TAGGED, NULL},
	{OUTBOUND("average=\"524289\""), REQUIRED, TAGGED, NULL},
	{OUTBOUND("average=\"4294967295\""), REQUIRED, TAGGED, NULL},
	{OUTBOUND("average=\"0\""), REQUIRED, TAGGED, NULL},
	{"<bandwidth/>", REQUIRED, TAGGED, NULL},
	{OUTBOUND("average=\"2560\""), REQUIRED "vf_rate=5", TAGGED ", max_tx_rate 5, min_tx_rate 0", NULL},
	{OUTBOUND("average=\"2560\""), REQUIRED "vf_rate=0", TAGGED ", max_tx_rate 0, min_tx_rate 0", NULL},
	{OUTBOUND("average=\"2560\""), REQUIRED "vf_rate=50-60", TAGGED ", max_tx_rate 60, min_tx_rate 50",
		NULL},
	{INBOUND, REQUIRED, TAGGED, INBOUND_IS_NOT_KEPT},
	{INBOUND, REQUIRED "vf_rate=5", TAGGED ", max_tx_rate 5, min_tx_rate 0", INBOUND_IS_NOT_KEPT},
	{ALL_OF_IT, REQUIRED, TAGGED ", max_tx_rate 21, spoofchk on, link_state disable",
		INBOUND_IS_NOT_KEPT},
	/* on a macvtap libvirt does it itself; the spoof check is the VF's all the same */
	{ALL_OF_IT, REQUIRED "passthrough_mode=macvtap", TAGGED ", spoofchk on", NULL},
	{ALL_OF_IT, REQUIRED "passthrough_mode=macvtap vf_link=enable vf_rate=7 vf_spoofchk=off",
		TAGGED ", max_tx_rate 7, min_tx_rate 0, spoofchk off, link_state enable", NULL},
	/* the switch decides */
	{FILTER OUTBOUND("average=\"2560\""), REQUIRED "vmfex=gold", "", OUTBOUND_IS_NOT_KEPT},
	{FILTER OUTBOUND("average=\"2560\""), REQUIRED "vmfex=gold passthrough_mode=macvtap", "", NULL},
	{FILTER, REQUIRED "vmfex=gold vf_trust=on vf_spoofchk=off", ", spoofchk off, trust on", NULL},
	/* but a vNIC that is down stays down */
	{DOWN, REQUIRED "vmfex=gold", ", link_state disable", NULL},
	{DOWN, REQUIRED "vmfex=gold passthrough_mode=macvtap", "", NULL},
	/* of a pair it is the VF's; what stays on the bridge is as it was */
	{ALL_OF_IT, REQUIRED "passthrough_mode=failover",
		TAGGED ", max_tx_rate 21, spoofchk on, link_state disable", INBOUND_IS_NOT_KEPT},
};

START_TEST(vnics_own_words_count_where_no_property_says_otherwise)
{
	bool plugged = (size_t)_i >= ARRAY_SIZE(heeded);
	size_t i = (size_t)_i % ARRAY_SIZE(heeded);
	struct outcome outcome;

	if (plugged && strstr(heeded[i].properties, "failover"))
		return;
	outcome = connected(plugged, heeded[i].elements, heeded[i].properties);
	ck_assert_exit(outcome, 0);
	ck_assert_contains(outcome.err, text("would set: VF 0 of ens1f0: mac " MAC_1 "%s\n", heeded[i].set));
	ck_assert_uint_eq(count_lines(outcome.err), heeded[i].warning ? 3 : 2);
	if (heeded[i].warning)
		ck_assert_contains(outcome.err,
			text("vfpt: warning: vNIC " MAC_1 " (network blue): %s", heeded[i].warning));
	else
		ck_assert_lacks(outcome.err, "warning");
}
END_TEST

/* --- the three ways to connect it */

START_TEST(macvtap_is_put_on_the_vf)
{
	const char *elements = "<driver name=\"vhost\" queues=\"2\"/>" DOWN OUTBOUND("average=\"2560\"");
	struct outcome outcome = connected(_i, elements, REQUIRED "passthrough_mode=macvtap");
	const char *at;

	ck_assert_exit(outcome, 0);
	at = interface(0);
	ck_assert_contains(at, "<interface type=\"direct\">");
	ck_assert_contains(at, "<source dev=\"eth0\" mode=\"passthrough\"/>");
	ck_assert_contains(at, "<vlan><tag id=\"200\"/></vlan>");
	ck_assert_contains(at, "<model type=\"virtio\"/>");
	ck_assert_contains(at, elements);
	ck_assert_contains(at, "<alias name=\"ua-blue\"/>");
	ck_assert_uint_eq(interfaces(), 1);
	at = get_file(record("0000:01:10.0", VM_A), NULL);
	ck_assert_contains(at, "\nalias = ua-blue\n");
	ck_assert_contains(at, "\nmacvtap = 1\n");
	ck_assert_uint_eq(records(), 1);
	if (_i) {
		ck_assert_exit(hook("after_nic_hotplug", VM_A, NULL), 0);
		unplug(VM_A, MAC_1, "ua-blue");
	} else {
		ck_assert_exit(hook("after_vm_start", VM_A, NULL), 0);
		destroy_vm(VM_A);
	}
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* A macvtap shows on the VF: so it is plugged, and by us. */
START_TEST(macvtap_that_is_plugged_is_not_plugged_again)
{
	struct outcome outcome = connected(true, "", REQUIRED "passthrough_mode=macvtap");

	ck_assert_exit(outcome, 0);
	put_link(PF_1 "virtfn0/net/eth0/upper_macvtap0", "x");
	outcome = connected(true, "", REQUIRED "passthrough_mode=macvtap");
	ck_assert_exit(outcome, 2);
	ck_assert_contains(outcome.err,
		"vNIC " MAC_1 " (network blue): it is plugged already, on VF 0 of ens1f0 "
		"(its network device eth0 carries macvtap0)\n");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(macvtap_has_the_mtu_of_the_vnic)
{
	const char *said;
	struct outcome outcome = connected(_i, "<mtu size=\"1400\"/>", REQUIRED "passthrough_mode=macvtap");

	ck_assert_exit(outcome, 0);
	ck_assert_contains(outcome.err, "would set: MTU of eth0 to 1400\n");
	ck_assert_lacks(interface(0), "<mtu");
	ck_assert_contains(get_file(record("0000:01:10.0", VM_A), NULL), "\nmtu_before = 1500\nmtu = 1400\n");
	outcome = hook(_i ? "after_nic_hotplug" : "after_vm_start", VM_A, NULL);
	ck_assert_exit(outcome, 0);
	ck_assert_contains(outcome.err, "would set: MTU of eth0 to 1400\n");
	put_file(PF_1 "virtfn0/net/eth0/mtu", "1400\n"); /* as it is by now */
	said = _i ? unplug(VM_A, MAC_1, NULL) : destroy_vm(VM_A);
	ck_assert_contains(said, "would set back: MTU of eth0 to 1500\n");
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(pair_stays_on_the_bridge_and_has_the_vf_too)
{
	const char *before, *record_text;

	start_vm(VM_A, domain_of(VM_A,
			       text("%s%s", metadata_of(MAC_1, "blue", REQUIRED "passthrough_mode=failover"),
				       metadata_of(MAC_2, "red", REQUIRED "passthrough_mode=failover")),
			       text("%s%s", vnic(MAC_1, "blue"), vnic(MAC_2, "red"))));
	ck_assert_uint_eq(interfaces(), 4);
	for (unsigned i = 0; i < 4; i += 2) {
		const char *network = i ? "red" : "blue";

		before = vnic(i ? MAC_2 : MAC_1, network);
		before = text("%.*s", (int)(strstr(before, "</interface>") - strstr(before, "<interface")),
			strstr(before, "<interface"));
		ck_assert_str_eq(interface(i),
			replaced(before, "<model", "<teaming type=\"persistent\"/>\n      <model"));
		ck_assert_str_eq(vf_of(i), "");
		ck_assert_str_eq(vf_of(i + 1), i ? "0000:02:10.0 VLAN 100" : "0000:01:10.0 VLAN 200");
		ck_assert_contains(interface(i + 1),
			text("<teaming type=\"transient\" persistent=\"ua-%s\"/>", network));
		ck_assert_contains(interface(i + 1), text("<mac address=\"%s\"/>", i ? MAC_2 : MAC_1));
	}
	/* The record is the VF's part. */
	record_text = get_file(record("0000:01:10.0", VM_A), NULL);
	ck_assert_contains(record_text, "\nalias = ua-vfpt-566f1a2b0001\n");
	ck_assert_contains(record_text, "\nmacvtap = 0\n");
	ck_assert_uint_eq(records(), 2);
	ck_assert_exit(hook("after_vm_start", VM_A, NULL), 0);
	/* The bridge's part is unplugged: that is not the VF. */
	unplug(VM_A, MAC_1, "ua-blue");
	ck_assert_uint_eq(records(), 2);
	unplug(VM_A, MAC_1, "ua-vfpt-566f1a2b0001");
	ck_assert_uint_eq(records(), 1);
	destroy_vm(VM_A);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

static const struct {
	const char *properties, *elements, *reason;
	bool at_start;
} no_pairs[] = {
	{"passthrough_mode=failover", "",
		"passthrough_mode=failover needs two devices, and VDSM plugs one; give the vNIC to the VM "
		"while "
		"it is down, or use hostdev or macvtap",
		false},
	{"passthrough_mode=failover", "<teaming type=\"persistent\"/>",
		"it is the persistent part of a failover pair already; turn off one of the two", true},
	{"passthrough_mode=failover", "<teaming type=\"transient\" persistent=\"ua-x\"/>",
		"it is the transient part of a failover pair already; turn off one of the two", true},
};

START_TEST(vnic_that_cannot_be_half_of_a_pair_is_refused)
{
	struct outcome outcome = connected(
		!no_pairs[_i].at_start, no_pairs[_i].elements, text(REQUIRED "%s", no_pairs[_i].properties));
	const char *before = get_file(DOCUMENT, NULL);

	ck_assert_refused(outcome, text("vfpt: vNIC " MAC_1 " (network blue): %s\n", no_pairs[_i].reason));
	ck_assert_str_eq(get_file(DOCUMENT, NULL), before);
	/* Which is no reason to stay off the bridge. */
	outcome = connected(!no_pairs[_i].at_start, no_pairs[_i].elements,
		text("passthrough=preferred %s", no_pairs[_i].properties));
	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(
		outcome.err, text("vfpt: warning: vNIC " MAC_1
				  " (network blue): %s; it stays on its bridge (passthrough=preferred)\n",
				     no_pairs[_i].reason));
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(pair_without_a_bridge_is_refused)
{
	const char *document = domain_of(VM_A,
		metadata_of(MAC_1, "green", REQUIRED "passthrough_mode=failover"), vnic(MAC_1, "green"));

	put_file(CONFIG, "[network green]\npfs = ens1f0\n");
	refused("before_vm_start", document, NULL,
		"vfpt: vNIC " MAC_1 " (network green): passthrough_mode=failover needs a bridge beside the "
		"VF, and green has none "
		"on this host; use hostdev or macvtap\n");
	refused("before_vm_start", replaced(document, "required", "preferred"), NULL,
		"needs a bridge beside the VF");
}
END_TEST

START_TEST(port_profile_goes_to_the_document_and_no_vlan)
{
	bool macvtap = _i & 1;
	struct outcome outcome = connected(
		_i & 2, FILTER, text(REQUIRED "vmfex=gold-1%s", macvtap ? " passthrough_mode=macvtap" : ""));

	ck_assert_exit(outcome, 0);
	ck_assert_contains(interface(0), macvtap ? "<interface type=\"direct\">" : "type=\"hostdev\"");
	ck_assert_contains(interface(0),
		"<virtualport type=\"802.1Qbh\"><parameters profileid=\"gold-1\"/></virtualport>");
	ck_assert_lacks(interface(0), "<vlan>");
	ck_assert_lacks(get_file(record("0000:01:10.0", VM_A), NULL), "vlan");
}
END_TEST

/* What excludes each other: said in the vNIC's profile, in vfpt.conf, or half here and half there. */
static const struct {
	const char *config, *properties, *reason;
} exclusions[] = {
	{"", "vmfex=gold vf_vlan=7", "custom properties vmfex and vf_vlan exclude each other: "},
	{"[network blue]\nvf_vlan = 7\n", "vmfex=gold", "vmfex and vf_vlan exclude each other: "},
	{"[network blue]\nvmfex = gold\n", "vf_vlan=7", "vmfex and vf_vlan exclude each other: "},
	{"", "passthrough_mode=macvtap vf_vlan=7:0:802.1ad",
		"passthrough_mode=macvtap and 802.1ad in vf_vlan exclude each other; "},
	{"[network blue]\npassthrough_mode = macvtap\n", "vf_vlan=7:0:802.1ad",
		"passthrough_mode=macvtap and 802.1ad in vf_vlan exclude each other; "},
	{"[network blue]\nvf_vlan = 7:0:802.1ad\n", "passthrough_mode=macvtap",
		"passthrough_mode=macvtap and 802.1ad in vf_vlan exclude each other; "},
};

START_TEST(what_excludes_each_other_is_refused)
{
	const char *properties = text(REQUIRED "%s", exclusions[_i].properties);

	put_file(CONFIG, exclusions[_i].config);
	ck_assert_refused(connected(false, "", properties), exclusions[_i].reason);
	ck_assert_contains(connected(false, "", properties).err, "vfpt: vNIC " MAC_1 " (network blue): ");
	ck_assert_refused(connected(true, "", properties), exclusions[_i].reason);
	/* Where it is not asked for, nothing is wrong. */
	ck_assert_exit(connected(true, "", replaced(properties, "required", "off")), 0);
}
END_TEST

START_TEST(sample_of_every_mode_gets_what_it_asks_for)
{
	static const struct {
		const char *type, *vf; /* or what it is on */
	} all[] = {
		{"hostdev", "0000:02:10.0 VLAN 100"},
		{"direct", "<source dev=\"eth14\" mode=\"passthrough\"/>"},
		{"bridge", "<teaming type=\"persistent\"/>"},
		{"hostdev", "0000:01:10.0 VLAN 200"},
		{"hostdev", "0000:01:10.2 VLAN 0"},
		{"direct", "<source dev=\"eth2\" mode=\"passthrough\"/>"},
		{"bridge", "<source bridge=\"red\"/>"},
		{"hostdev", "0000:01:11.2 VLAN 0"},
		{"hostdev", "0000:02:11.2 VLAN 0"},
	};
	const char *said = start_vm(VM_A, sample("vm-every-mode.xml", NULL));

	ck_assert_uint_eq(interfaces(), ARRAY_SIZE(all));
	for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
		ck_assert_contains(interface(i), text("<interface type=\"%s\"", all[i].type));
		if (strcmp(all[i].type, "hostdev") == 0)
			ck_assert_str_eq(vf_of(i), all[i].vf);
		else
			ck_assert_contains(interface(i), all[i].vf);
	}
	ck_assert_uint_eq(records(), 7);
	ck_assert_contains(said, "would set: MTU of eth14 to 1400\n");
	ck_assert_contains(said, "VF 0 of ens2f0: mac 56:6f:1a:2b:03:01, vlan_id 100, vlan_priority 0, "
				 "vlan_protocol 802.1Q, max_tx_rate 21, spoofchk on\n");
	ck_assert_contains(said, "VF 0 of ens3f0: mac 56:6f:1a:2b:03:02, vlan_id 100, vlan_priority 0, "
				 "vlan_protocol 802.1Q, spoofchk on\n");
	ck_assert_contains(said, "warning: vNIC 56:6f:1a:2b:03:01 (network red): a VF's received traffic ");
	ck_assert_contains(said, "warning: vNIC 56:6f:1a:2b:03:06 (network red): port mirroring works on a ");
	ck_assert_contains(said, "warning: custom property sriov: eth5: VF 5 of ens1f0 has no VLAN, ");
	/* A VF each, an MTU, four warnings (two VFs have no VLAN), a VF each at last. */
	ck_assert_uint_eq(count_lines(said), 7 + 1 + 4 + 7);
	ck_assert_exit(hook("after_vm_start", VM_A, NULL), 0);
	ck_assert_exit(hook("before_vm_migrate_source", VM_A, NULL), 2);
	destroy_vm(VM_A);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* --- defaults of a network, in vfpt.conf */

static const struct {
	const char *config, *network, *bridge, *properties, *set;
} defaults[] = {
	{"[network blue]\npassthrough = required\n", NULL, "blue", "",
		"VF 0 of ens1f0: mac " MAC_1 TAGGED "\n"},
	{"[network blue]\npassthrough = preferred\nvf_trust = on\n", NULL, "blue", "",
		"VF 0 of ens1f0: mac " MAC_1 TAGGED ", trust on\n"},
	{"[network blue]\npassthrough = required\n", NULL, "blue", "passthrough=off", NULL},
	{"[network red]\npassthrough = required\n", NULL, "blue", "", NULL},
	{"[network blue]\nvf_trust = on\n", NULL, "blue", "", NULL},
	{"[network blue]\nvf_trust = on\nvf_rate = 9\n", NULL, "blue", "passthrough=required vf_rate=5-6",
		"VF 0 of ens1f0: mac " MAC_1 TAGGED ", max_tx_rate 6, min_tx_rate 5, trust on\n"},
	{"[network blue]\nvf_vlan = 7:3\n", NULL, "blue", "passthrough=required vf_vlan=8",
		"VF 0 of ens1f0: mac " MAC_1 ", vlan_id 8, vlan_priority 0, vlan_protocol 802.1Q\n"},
	{"[network blue]\nvlan = 9\n", NULL, "blue", "passthrough=required",
		"VF 0 of ens1f0: mac " MAC_1 ", vlan_id 9, vlan_priority 0, vlan_protocol 802.1Q\n"},
	{"[network blue]\nvlan = 9\nvf_vlan = 7\n", NULL, "blue", "passthrough=required",
		"VF 0 of ens1f0: mac " MAC_1 ", vlan_id 7, vlan_priority 0, vlan_protocol 802.1Q\n"},
	{"[network blue]\npfs = ens3f0\n", NULL, "blue", "passthrough=required",
		"VF 0 of ens3f0: mac " MAC_1 TAGGED "\n"},
	{"[network blue]\nvf_pf = ens3f0\n", NULL, "blue", "passthrough=required",
		"VF 0 of ens3f0: mac " MAC_1 TAGGED "\n"},
	{"[network blue]\nvf_pf = ens3f0\npfs = ens2f0\n", NULL, "blue", "passthrough=required",
		"VF 0 of ens3f0: mac " MAC_1 TAGGED "\n"},
	{"[network blue]\nvf_pf = ens3f0\n", NULL, "blue", "passthrough=required vf_pf=ens2f0",
		"VF 0 of ens2f0: mac " MAC_1 TAGGED "\n"},
	/* by the logical network's name, which only the metadata has */
	{"[network DMZ]\npassthrough = required\npfs = ens3f0\n", "DMZ", "blue", "",
		"VF 0 of ens3f0: mac " MAC_1 TAGGED "\n"},
	{"[network DMZ]\nvf_trust = on\n[network blue]\npassthrough = required\n", "DMZ", "blue", "", NULL},
	{"[network blue]\npassthrough = required\n", "DMZ", "blue", "",
		"VF 0 of ens1f0: mac " MAC_1 TAGGED "\n"},
	/* a network that has no bridge here */
	{"[network green]\npassthrough = required\npfs = ens2f0\nvlan = 9\n", NULL, "green", "",
		"VF 0 of ens2f0: mac " MAC_1 ", vlan_id 9, vlan_priority 0, vlan_protocol 802.1Q\n"},
	{"[network green]\npfs = ens2f0\n", NULL, "green", "passthrough=required",
		"VF 0 of ens2f0: mac " MAC_1 ", vlan_id 0, vlan_priority 0, vlan_protocol 802.1Q\n"},
};

static void ck_assert_default(struct outcome outcome, const char *document, const char *set)
{
	ck_assert_exit(outcome, 0);
	if (set) {
		ck_assert_contains(outcome.err, text("would set: %s", set));
		ck_assert_contains(interface(0), "type=\"hostdev\"");
	} else {
		ck_assert_str_eq(outcome.err, "");
		ck_assert_str_eq(get_file(DOCUMENT, NULL), document);
	}
	ck_assert_uint_eq(records(), set != NULL);
}

START_TEST(network_has_defaults_for_its_vnics)
{
	const char *one = vnic(MAC_1, defaults[_i].bridge);
	const char *document =
		domain_of(VM_A, metadata_of(MAC_1, defaults[_i].network, defaults[_i].properties), one);

	put_file(CONFIG, defaults[_i].config);
	ck_assert_default(started_with(VM_A, document), document, defaults[_i].set);
	if (defaults[_i].network)
		return;
	if (defaults[_i].set)
		destroy_vm(VM_A);
	ck_assert_default(plugged_with(VM_A, one, defaults[_i].properties), one, defaults[_i].set);
}
END_TEST

START_TEST(default_mode_is_the_networks)
{
	static const char *const modes[] = {"hostdev", "macvtap", "failover"};
	const char *document = domain_of(VM_A, metadata_of(MAC_1, "blue", ""), vnic(MAC_1, "blue"));

	put_file(CONFIG, text("[network blue]\npassthrough = required\npassthrough_mode = %s\n", modes[_i]));
	start_vm(VM_A, document);
	ck_assert_contains(interface(0), _i == 0   ? "type=\"hostdev\""
					 : _i == 1 ? "type=\"direct\""
						   : "<teaming type=\"persistent\"/>");
	ck_assert_uint_eq(interfaces(), _i == 2 ? 2 : 1);
}
END_TEST

/* --- what only a bridge can do */

static const struct {
	const char *metadata, *element, *reason;
} bridge_only[] = {
	{"<o:portMirroring><o:network>red</o:network></o:portMirroring>", "",
		"port mirroring works on a bridge only; turn off one of the two in the vNIC profile"},
	{"", "<port isolated=\"yes\"/>",
		"its network isolates ports, which works on a bridge only; use another network or no "
		"passthrough"},
	{"", "<filterref filter=\"clean-traffic\"/>",
		"network filter clean-traffic works on a bridge only; set the vNIC profile's to "
		"vdsm-no-mac-spoofing or none"},
	{"", "<filterref filter=\"vdsm-no-mac-spoofing-allow-arp\"/>",
		"network filter vdsm-no-mac-spoofing-allow-arp works on a bridge only; set the vNIC "
		"profile's "
		"to vdsm-no-mac-spoofing or none"},
};

START_TEST(what_only_a_bridge_can_do_stays_on_its_bridge)
{
	static const char *const modes[] = {
		"", "passthrough_mode=macvtap", "passthrough_mode=failover", "vmfex=gold"};
	size_t i = (size_t)_i / ARRAY_SIZE(modes);
	const char *properties = text(REQUIRED "%s", modes[(size_t)_i % ARRAY_SIZE(modes)]);
	const char *metadata = replaced(metadata_of(MAC_1, "blue", properties), "<o:custom>",
		text("%s<o:custom>", bridge_only[i].metadata));
	const char *reason = text("vNIC " MAC_1 " (network blue): %s", bridge_only[i].reason);
	const char *document = domain_of(VM_A, metadata,
			   replaced(vnic(MAC_1, "blue"), "<link state=\"up\"/>", bridge_only[i].element)),
		   *before;
	struct outcome outcome;

	refused("before_vm_start", document, NULL, text("vfpt: %s\n", reason));
	put_file(DOCUMENT, replaced(document, "required", "preferred"));
	before = picture("tmp");
	outcome = hook("before_vm_start", VM_A, NULL);
	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(outcome.err,
		text("vfpt: warning: %s; it stays on its bridge (passthrough=preferred)\n", reason));
	ck_assert_str_eq(picture("tmp"), before);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* --- one MAC twice */

#define TWICE                                                                                                \
	"this MAC is in the document more than once, and aliases do not tell whose the properties are; "     \
	"give each vNIC a MAC of its own in the engine\n"

/* The metadata of the vNIC with that MAC and that alias. */
static const char *aliased(const char *metadata, const char *alias)
{
	return replaced(metadata, "mac_address", text("alias=\"%s\" mac_address", alias));
}

static const struct {
	const char *config, *first, *second; /* properties; NULL: the metadata knows no such vNIC */
	bool one_interface;
	const char *network; /* of the vNIC that the message is about */
} twins[] = {
	/* either could have been meant */
	{"", "passthrough=required vf_trust=on", NULL, false, "blue"},
	{"", "passthrough=required vf_trust=on", "", false, "blue"},
	{"", "", "passthrough=required", false, "red"},
	{"", "passthrough=off", "passthrough=preferred", false, "red"},
	{"", "passthrough=required", "passthrough=required", false, "blue"},
	{"", "passthrough=required", "passthrough=off", true, "blue"},
	{"", "", "passthrough=preferred", true, "red"},
	/* also where it is vfpt.conf that asks */
	{"[network red]\npassthrough = required\n", "", NULL, false, "red"},
	{"[network blue]\npassthrough = preferred\n", "", "", false, "blue"},
};

START_TEST(mac_that_is_there_twice_is_refused)
{
	const char *metadata =
		text("%s%s", twins[_i].first ? metadata_of(MAC_1, "blue", twins[_i].first) : "",
			twins[_i].second ? metadata_of(MAC_1, "red", twins[_i].second) : "");
	const char *vnics =
		text("%s%s", vnic(MAC_1, "blue"), twins[_i].one_interface ? "" : vnic(MAC_1, "red"));

	put_file(CONFIG, twins[_i].config);
	refused("before_vm_start", domain_of(VM_A, metadata, vnics), NULL,
		text("vfpt: vNIC " MAC_1 " (network %s): " TWICE, twins[_i].network));
}
END_TEST

/* Nobody asked us. */
START_TEST(mac_that_is_there_twice_without_profile_is_not_our_business)
{
	const char *metadata = text("%s%s", metadata_of(MAC_1, "blue", "passthrough=off vf_vlan=7"),
			   metadata_of(MAC_1, "red", "")),
		   *both = text("%s%s", vnic(MAC_1, "blue"), vnic(MAC_1, "blue")),
		   *document = domain_of(VM_A, metadata, both), *before;
	struct outcome outcome;

	put_file(DOCUMENT, document);
	before = picture(".");
	outcome = hook("before_vm_start", VM_A, NULL);
	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(outcome.err, "");
	ck_assert_str_eq(picture("."), before);
	/* Nor do they keep another vNIC from its VF. */
	start_vm(VM_A, domain_of(VM_A, text("%s%s", metadata, metadata_of(MAC_2, "blue", REQUIRED)),
			       text("%s%s", both, vnic(MAC_2, "blue"))));
	ck_assert_contains(get_file(DOCUMENT, NULL), both);
	ck_assert_str_eq(vf_of(2), "0000:01:10.0 VLAN 200");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(mac_that_is_there_twice_is_fine_where_aliases_tell)
{
	const char *metadata = text("%s%s", aliased(metadata_of(MAC_1, "red", ""), "ua-red"),
		aliased(metadata_of(MAC_1, "blue", REQUIRED "vf_trust=on"), "ua-blue"));

	ck_assert_contains(start_vm(VM_A, domain_of(VM_A, metadata,
						  text("%s%s", vnic(MAC_1, "red"), vnic(MAC_1, "blue")))),
		"would set: VF 0 of ens1f0: mac " MAC_1 TAGGED ", trust on\n");
	ck_assert_str_eq(vf_of(0), "");
	ck_assert_str_eq(vf_of(1), "0000:01:10.0 VLAN 200");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

/* What a pair was made of before can be what a VM is started with: its halves have one MAC. */
START_TEST(pair_of_an_earlier_start_is_told_apart)
{
	const char *document;

	start_vm(VM_A, domain_of(VM_A, metadata_of(MAC_1, "blue", REQUIRED "passthrough_mode=failover"),
			       vnic(MAC_1, "blue")));
	document = replaced(get_file(DOCUMENT, NULL), "required", "off");
	destroy_vm(VM_A);
	put_file(DOCUMENT, replaced(document, "</devices>", text("%s</devices>", vnic(MAC_2, "red"))));
	put_file(CONFIG, "[network red]\npassthrough = required\n");
	ck_assert_exit(hook("before_vm_start", VM_A, NULL), 0);
	ck_assert_str_eq(vf_of(1), "0000:01:10.0 VLAN 200");
	ck_assert_str_eq(vf_of(2), "0000:02:10.0 VLAN 100");
	put_file(DOCUMENT, replaced(document, "off", "required"));
	ck_assert_contains(hook("before_vm_start", VM_A, NULL).err,
		"it is the persistent part of a failover pair already; ");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hooks_properties");
	TCase *tcase = new_case(suite, "the vNIC's own words", host_setup);

	tcase_add_loop_test(
		tcase, vnics_own_words_count_where_no_property_says_otherwise, 0, 2 * ARRAY_SIZE(heeded));

	tcase = new_case(suite, "modes", host_setup);
	tcase_add_loop_test(tcase, macvtap_is_put_on_the_vf, 0, 2);
	tcase_add_test(tcase, macvtap_that_is_plugged_is_not_plugged_again);
	tcase_add_loop_test(tcase, macvtap_has_the_mtu_of_the_vnic, 0, 2);
	tcase_add_test(tcase, pair_stays_on_the_bridge_and_has_the_vf_too);
	tcase_add_loop_test(tcase, vnic_that_cannot_be_half_of_a_pair_is_refused, 0, ARRAY_SIZE(no_pairs));
	tcase_add_test(tcase, pair_without_a_bridge_is_refused);
	tcase_add_loop_test(tcase, port_profile_goes_to_the_document_and_no_vlan, 0, 4);
	tcase_add_loop_test(tcase, what_excludes_each_other_is_refused, 0, ARRAY_SIZE(exclusions));
	tcase_add_test(tcase, sample_of_every_mode_gets_what_it_asks_for);

	tcase = new_case(suite, "defaults", host_setup);
	tcase_add_loop_test(tcase, network_has_defaults_for_its_vnics, 0, ARRAY_SIZE(defaults));
	tcase_add_loop_test(tcase, default_mode_is_the_networks, 0, 3);
	tcase_add_loop_test(
		tcase, what_only_a_bridge_can_do_stays_on_its_bridge, 0, 4 * ARRAY_SIZE(bridge_only));

	tcase = new_case(suite, "one MAC twice", host_setup);
	tcase_add_loop_test(tcase, mac_that_is_there_twice_is_refused, 0, ARRAY_SIZE(twins));
	tcase_add_test(tcase, mac_that_is_there_twice_without_profile_is_not_our_business);
	tcase_add_test(tcase, mac_that_is_there_twice_is_fine_where_aliases_tell);
	tcase_add_test(tcase, pair_of_an_earlier_start_is_told_apart);
	return run_suite(suite);
}
