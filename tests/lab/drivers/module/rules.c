// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules: from their text, and which of them fits. Their grammar is in tests/lab/drivers/README.md.
 */
#include <linux/etherdevice.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "vfquirks.h"

LIST_HEAD(driver_rules);
LIST_HEAD(test_rules);

static const char *const action_names[] = {
	"refuse", "ignore", "take", "show", "keep", "delay", "reset", "busy", "forget", "count"};
static const char *const subject_names[] = {"mac", "vlan_id", "vlan_priority", "vlan_protocol", "max_tx_rate",
	"min_tx_rate", "spoofchk", "trust", "link_state", "rss_query", "all_min_tx_rates", "speed", "up",
	"carrier"};
const char *const counter_names[] = {"rx_packets", "tx_packets", "rx_bytes", "tx_bytes", "broadcast",
	"multicast", "rx_dropped", "tx_dropped"};

struct word {
	const char *word;
	s64 value;
};
static const struct word value_words[] = {{"off", 0}, {"no", 0}, {"auto", 0}, {"on", 1}, {"yes", 1},
	{"enable", 1}, {"disable", 2}, {"802.1Q", ETH_P_8021Q}, {"802.1ad", ETH_P_8021AD},
	{"same", VALUE_SAME}, {"speed", VALUE_SPEED}, {"own", VALUE_OWN}, {"none", -1}};

#define ERROR(name)                                                                                          \
	{                                                                                                    \
#name, name                                                                                  \
	}
static const struct word error_words[] = {ERROR(EPERM), ERROR(ENOENT), ERROR(EIO), ERROR(ENXIO),
	ERROR(EAGAIN), ERROR(ENOMEM), ERROR(EACCES), ERROR(EBUSY), ERROR(EEXIST), ERROR(ENODEV),
	ERROR(EINVAL), ERROR(ENOSPC), ERROR(EROFS), ERROR(ERANGE), ERROR(ENOSYS), ERROR(EOVERFLOW),
	ERROR(EPROTONOSUPPORT), ERROR(EOPNOTSUPP), ERROR(EAFNOSUPPORT), ERROR(EADDRNOTAVAIL), ERROR(ENETDOWN),
	ERROR(ETIMEDOUT), ERROR(EALREADY), ERROR(ENOTSUPP)};

static bool find_word(const struct word *words, size_t count, const char *word, s64 *value)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (strcmp(words[i].word, word))
			continue;
		*value = words[i].value;
		return true;
	}
	return false;
}

static int parse_value(const char *word, s64 *value)
{
	u8 mac[ETH_ALEN];

	if (find_word(value_words, ARRAY_SIZE(value_words), word, value))
		return 0;
	if (mac_pton(word, mac)) {
		*value = ether_addr_to_u64(mac);
		return 0;
	}
	return kstrtos64(word, 10, value);
}

/* SUBJECT, or SUBJECT=VALUE, SUBJECT!=VALUE, SUBJECT<VALUE, SUBJECT>VALUE; VALUE may be FROM-TO. */
static int parse_condition(struct rule *rule, char *word)
{
	struct condition *condition = &rule->conditions[rule->condition_count];
	size_t length = strcspn(word, "=!<>");
	char *value = word + length, *to;
	int subject, error = 0;

	condition->compare = *value;
	if (*value)
		*value++ = '\0';
	if (condition->compare == '!' && *value++ != '=')
		return -EINVAL;
	subject = match_string(subject_names, SUBJECTS, word);
	if (subject < 0 || rule->condition_count + 1 == ARRAY_SIZE(rule->conditions))
		return -EINVAL;
	condition->subject = subject;
	if (subject < SETTINGS && rule->setting < 0)
		rule->setting = subject;
	if (condition->compare) {
		to = strchr(value, '-');
		if (to)
			*to++ = '\0';
		error = parse_value(value, &condition->low) ?: parse_value(to ?: value, &condition->high);
	}
	rule->condition_count++;
	return error;
}

/* ERRNO, or only for reads or sets: read:ERRNO, set:ERRNO. */
static bool is_error(struct rule *rule, const char *word)
{
	bool reads = !strncmp(word, "read:", 5), sets = !strncmp(word, "set:", 4);
	s64 number;

	if (!find_word(error_words, ARRAY_SIZE(error_words), strchr(word, ':') ? strchr(word, ':') + 1 : word,
		    &number))
		return false;
	if (!sets)
		rule->read_error = number;
	if (!reads)
		rule->set_error = number;
	return true;
}

static int parse_word(struct rule *rule, char *word, char **rest)
{
	int counter, end = 0;

	if (!strcmp(word, "as"))
		return *rest ? parse_value(strsep(rest, " "), &rule->as) : -EINVAL;
	if (sscanf(word, "%ums%n", &rule->duration, &end) == 1 && end && !word[end])
		return 0;
	if (sscanf(word, "%u/s%n", &rule->rate, &end) == 1 && end && !word[end])
		return 0;
	if (!strncmp(word, "vf=", 3))
		return kstrtoint(word + 3, 10, &rule->vf);
	if (!strncmp(word, "times=", 6))
		return kstrtoint(word + 6, 10, &rule->times);
	if (!strncmp(word, "pf=", 3))
		return strscpy(rule->pf, word + 3, sizeof(rule->pf)) > 0 ? 0 : -EINVAL;
	if (sscanf(word, "waits=%ums", &rule->waits) == 1)
		return 0;
	counter = match_string(counter_names, ARRAY_SIZE(counter_names), word);
	if (counter >= 0)
		rule->counters |= BIT(counter);
	if (counter >= 0 || is_error(rule, word))
		return 0;
	return parse_condition(rule, word);
}

static bool is_complete(const struct rule *rule)
{
	switch (rule->action) {
	case REFUSE:
		return rule->set_error || rule->read_error;
	case TAKE:
	case SHOW:
		return rule->setting >= 0 && rule->as != VALUE_NONE;
	case COUNT:
		return rule->rate;
	case DELAY:
	case RESET:
	case BUSY:
		return rule->setting >= 0 && rule->duration;
	default:
		return rule->setting >= 0;
	}
}

int add_rule(char *text, struct list_head *rules)
{
	struct rule *rule = kzalloc(sizeof(*rule), GFP_KERNEL);
	int action, error = 0;
	char *word;

	if (!rule)
		return -ENOMEM;
	rule->setting = rule->vf = rule->times = -1;
	rule->as = VALUE_NONE;
	rule->written = jiffies;
	strscpy(rule->text, text, sizeof(rule->text));
	action = match_string(action_names, ACTIONS, strsep(&text, " "));
	rule->action = action;
	while (action >= 0 && !error && (word = strsep(&text, " ")))
		if (*word)
			error = parse_word(rule, word, &text);
	if (action >= 0 && !error && is_complete(rule)) {
		list_add(&rule->list, rules);
		return 0;
	}
	kfree(rule);
	return -EINVAL;
}

void clear_rules(struct list_head *rules)
{
	struct rule *rule, *next;

	list_for_each_entry_safe(rule, next, rules, list)
	{
		list_del(&rule->list);
		kfree(rule);
	}
}

void rule_used(struct rule *rule)
{
	if (rule->times > 0)
		rule->times--;
}

/* --- which of them fits --------------------------------------------------------------------------- */

s64 speed_of(struct net_device *dev)
{
	struct ethtool_link_ksettings settings = {};

	if (__ethtool_get_link_ksettings(dev, &settings) || settings.base.speed == SPEED_UNKNOWN)
		return 0;
	return settings.base.speed;
}

/* Of all VFs, as it would be after the request. */
static s64 all_min_tx_rates(struct pf *pf, int index, s64 sum)
{
	s64 value[SETTINGS];
	int i;

	for (i = 0; i < dev_num_vf(pf->dev->dev.parent); i++) {
		struct ifla_vf_info info = {.vf = i};

		if (i != index && !settings_of(pf, i, &info, value))
			sum += value[MIN_TX_RATE];
	}
	return sum;
}

static s64 value_of(const struct situation *situation, enum subject subject)
{
	const struct request *request = situation->request;
	struct pf *pf = situation->pf;

	switch (subject) {
	case ALL_MIN_TX_RATES:
		return all_min_tx_rates(pf, situation->index, value_of(situation, MIN_TX_RATE));
	case SPEED:
		return speed_of(pf->dev);
	case UP:
		return netif_running(pf->dev);
	case CARRIER:
		return netif_carrier_ok(pf->dev);
	default:
		if (request && request->asked & BIT(subject))
			return request->value[subject];
		return situation->now ? situation->now[subject] : 0;
	}
}

static bool holds(const struct condition *condition, const struct situation *situation)
{
	s64 low = condition->low, high = condition->high, value;

	if (!condition->compare)
		return true;
	value = value_of(situation, condition->subject);
	if (low == VALUE_SAME)
		low = high = situation->now ? situation->now[condition->subject] : 0;
	if (low == VALUE_SPEED)
		low = high = speed_of(situation->pf->dev);
	switch (condition->compare) {
	case '<':
		return value < low;
	case '>':
		return value > high;
	case '!':
		return value < low || value > high;
	default:
		return value >= low && value <= high;
	}
}

static bool fits(const struct rule *rule, const struct situation *situation)
{
	int i;

	if (!rule->times || (rule->vf >= 0 && rule->vf != situation->index))
		return false;
	if (rule->pf[0] && strcmp(rule->pf, situation->pf->dev->name))
		return false;
	if (rule->action == REFUSE && rule->duration &&
		time_after(jiffies, rule->written + msecs_to_jiffies(rule->duration)))
		return false;
	if (situation->request && rule->setting >= 0 && !(situation->request->asked & BIT(rule->setting)))
		return false;
	for (i = 0; i < rule->condition_count; i++)
		if (!holds(&rule->conditions[i], situation))
			return false;
	return true;
}

/* Behind a rule, or of all if it is NULL: a test's, then the driver's, each from the last one written. */
struct rule *next_fitting(struct rule *rule, enum action action, const struct situation *situation)
{
	struct list_head *next = rule ? &rule->list : &test_rules;

	for (;;) {
		next = next->next;
		if (next == &test_rules)
			next = driver_rules.next;
		if (next == &driver_rules)
			return NULL;
		rule = list_entry(next, struct rule, list);
		if (rule->action == action && fits(rule, situation))
			return rule;
	}
}
