/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/pci.h"

#include <stddef.h>

#include "hex.h"

int vfpt_pci_parse(const char *text, struct vfpt_pci *out, struct vfpt_error *err)
{
	uint32_t domain = 0, bus = 0, slot = 0, function = 0;
	const char *at = hex_parse(text, 4, 8, ':', &domain);

	if (at)
		at = hex_parse(at, 2, 2, ':', &bus);
	if (at)
		at = hex_parse(at, 2, 2, '.', &slot);
	if (at)
		at = hex_parse(at, 1, 1, '\0', &function);
	if (!at || slot > 31 || function > 7)
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "\"%.40s\" is not a PCI address such as 0000:01:10.0", text);
	*out = (struct vfpt_pci){
		.domain = domain, .bus = (uint8_t)bus, .slot = (uint8_t)slot, .function = (uint8_t)function};
	return 0;
}

char *vfpt_pci_format(const struct vfpt_pci *address, char buffer[VFPT_PCI_SIZE])
{
	char *at = hex_print(buffer, address->domain, 4);

	*at++ = ':';
	at = hex_print(at, address->bus, 2);
	*at++ = ':';
	at = hex_print(at, address->slot & 31u, 2);
	*at++ = '.';
	at = hex_print(at, address->function & 7u, 1);
	*at = '\0';
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
	/* What differs most often comes first: a large host compares each VF with each assignment. */
	return a->function == b->function && a->slot == b->slot && a->bus == b->bus && a->domain == b->domain;
}
