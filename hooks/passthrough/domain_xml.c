/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain_xml.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

/* --- memory ---------------------------------------------------------------------------------- */

/*
 * libxml2 does not report every allocation that fails: 2.9 leaves out a name or prefix for which there is no
 * room, here "managed" of managed="yes", and goes on. So its allocations come by here. What it says of them
 * on stderr is not for VDSM's users.
 */
static bool out_of_memory;

static void *note_if_missing(void *memory)
{
	if (!memory)
		out_of_memory = true;
	return memory;
}

static void *noted_malloc(size_t size)
{
	return note_if_missing(malloc(size));
}

static void *noted_realloc(void *memory, size_t size)
{
	return note_if_missing(realloc(memory, size));
}

static char *noted_strdup(const char *text)
{
	return note_if_missing(strdup(text));
}

static void say_nothing(void *context, const char *format, ...)
{
	(void)context;
	(void)format;
}

void vfpt_domain_watch_memory(void)
{
	xmlMemSetup(free, noted_malloc, noted_realloc, noted_strdup);
	xmlSetGenericErrorFunc(NULL, say_nothing);
	out_of_memory = false;
}

bool vfpt_domain_out_of_memory(void)
{
	return out_of_memory;
}

/* --- finding things -------------------------------------------------------------------------- */

bool xml_is_element(const xmlNode *node, const char *uri, const char *name)
{
	if (node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, name) != 0)
		return false;
	return uri ? node->ns && node->ns->href && strcmp((const char *)node->ns->href, uri) == 0 : !node->ns;
}

xmlNode *xml_next_element(xmlNode *node, const char *uri, const char *name)
{
	while (node && !xml_is_element(node, uri, name))
		node = node->next;
	return node;
}

xmlNode *xml_child(const xmlNode *parent, const char *uri, const char *name)
{
	return parent ? xml_next_element(parent->children, uri, name) : NULL;
}

char *xml_attribute(const xmlNode *node, const char *name)
{
	return node ? (char *)xmlGetNoNsProp(node, (const xmlChar *)name) : NULL;
}

bool xml_attribute_is(const xmlNode *node, const char *name, const char *value)
{
	autofree char *text = xml_attribute(node, name);

	return text && strcmp(text, value) == 0;
}

/* The text of an element; NULL when it is empty. */
char *xml_content(const xmlNode *node)
{
	char *text = node ? (char *)xmlNodeGetContent(node) : NULL;

	if (text && text[0])
		return text;
	free(text);
	return NULL;
}
