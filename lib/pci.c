/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/pci.h"

#include <stdio.h>
#include <string.h>

/* isxdigit() and its table, for each digit of thousands of VFs, were a twentieth of all instructions. */
static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Parse @min to @max hexadecimal digits, and skip the @end character behind them. */
static bool parse_hex(const char **text, int min, int max, char end, uint32_t *value)
{
	const char *c = *text;
	int digit;

	*value = 0;
	for (; c - *text < max && (digit = hex_digit(*c)) >= 0; c++)
		*value = *value << 4 | (uint32_t)digit;
	if (c - *text < min || *c != end)
		return false;
	*text = end ? c + 1 : c;
	return true;
}

int vfpt_pci_parse(const char *text, struct vfpt_pci *out, struct vfpt_error *err)
{
	const char *at = text;
	uint32_t domain, bus, slot, function;

	if (!parse_hex(&at, 4, 8, ':', &domain) || !parse_hex(&at, 2, 2, ':', &bus) ||
		!parse_hex(&at, 2, 2, '.', &slot) || !parse_hex(&at, 1, 1, '\0', &function) || slot > 31 ||
		function > 7)
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "\"%.40s\" is not a PCI address such as 0000:01:10.0", text);
	*out = (struct vfpt_pci){
		.domain = domain, .bus = (uint8_t)bus, .slot = (uint8_t)slot, .function = (uint8_t)function};
	return 0;
}

char *vfpt_pci_format(const struct vfpt_pci *address, char buffer[VFPT_PCI_SIZE])
{
	snprintf(buffer, VFPT_PCI_SIZE, "%04x:%02x:%02x.%x", address->domain, address->bus,
		address->slot & 31u, address->function & 7u);
	return buffer;
}

static uint64_t as_number(const struct vfpt_pci *a)
{
	return (uint64_t)a->domain << 16 | (uint64_t)a->bus << 8 | (uint64_t)a->slot << 3 | a->function;
}

int vfpt_pci_compare(const struct vfpt_pci *a, const struct vfpt_pci *b)
{
	uint64_t x = as_number(a), y = as_number(b);

	return (x > y) - (x < y);
}

bool vfpt_pci_equal(const struct vfpt_pci *a, const struct vfpt_pci *b)
{
	return vfpt_pci_compare(a, b) == 0;
}
