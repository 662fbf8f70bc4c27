/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The encoding of a document, and its XML declaration. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain_xml.h"

/* Bytes of the smallest character: UTF-16 and UTF-32 have NUL bytes from the start. */
static size_t character_size(const char *text, size_t size)
{
	if (size < 4 || !memchr(text, '\0', 4))
		return 1;
	return (text[0] || text[1]) && (text[2] || text[3]) ? 2 : 4;
}

/* A declaration with all that XML has for one takes some 60 characters. */
#define DECLARATION_SIZE 256
#define ENCODING_SIZE    41

/*
 * The XML declaration, in ASCII; empty where there is none. "<?xml-stylesheet" is none: it is in the tree,
 * and would be written twice.
 * @return 0, or -1 for one that does not end
 */
static int read_declaration(const char *text, size_t size, char declaration[DECLARATION_SIZE])
{
	size_t step = character_size(text, size), at = 0, used = 0;
	char *end;

	if (size > 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		at = 3;
	else if (size > 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
		at = 2;
	for (; at + step <= size && used < DECLARATION_SIZE - 1; at += step)
		declaration[used++] = text[text[at] ? at : at + step - 1];
	declaration[used] = '\0';
	if (strncmp(declaration, "<?xml", 5) != 0 || strspn(declaration + 5, " \t\r\n") == 0) {
		declaration[0] = '\0';
		return 0;
	}
	end = strstr(declaration, "?>");
	if (!end)
		return -1;
	end[2] = '\0';
	return 0;
}

/* What the declaration says that the encoding is; empty where it says nothing. */
static void read_encoding(const char *declaration, char encoding[ENCODING_SIZE])
{
	const char *at = strstr(declaration, "encoding");

	encoding[0] = '\0';
	if (at && sscanf(at, "encoding = \"%40[^\"]", encoding) < 1)
		(void)sscanf(at, "encoding = '%40[^']", encoding);
}

static bool is_one_of_words(const char *word, const char *const *words)
{
	while (*words && strcasecmp(word, *words) != 0)
		words++;
	return *words;
}

static int refuse_encoding(struct vfpt_error *err, const char *encoding)
{
	return vfpt_error_set(err, VFPT_BAD_INPUT,
		"the document's encoding is %s; only UTF-8 and UTF-16 are taken", encoding);
}

/*
 * libxml2 would take any encoding that iconv knows, and some by their first bytes. VDSM reads the document as
 * UTF-8, and so do people what is shown of it: it must not say something else to them.
 */
static int check_encoding(const char *text, size_t size, struct vfpt_error *err)
{
	static const char *const utf8[] = {"", "UTF-8", "US-ASCII", NULL};
	static const char *const utf16[] = {"", "UTF-16", "UTF-16LE", "UTF-16BE", NULL};
	size_t step = character_size(text, size);
	char declaration[DECLARATION_SIZE], encoding[ENCODING_SIZE];

	if (step == 4)
		return refuse_encoding(err, "UTF-32");
	if (size >= 4 && memcmp(text, "\x4c\x6f\xa7\x94", 4) == 0)
		return refuse_encoding(err, "EBCDIC");
	if (read_declaration(text, size, declaration) < 0)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"the document is not XML: line 1: the XML declaration has no end within %d "
			"characters",
			DECLARATION_SIZE - 1);
	read_encoding(declaration, encoding);
	if (is_one_of_words(encoding, step == 1 ? utf8 : utf16))
		return 0;
	if (is_one_of_words(encoding, step == 1 ? utf16 : utf8))
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"the document says that its encoding is %s, and it is not", encoding);
	return refuse_encoding(err, encoding);
}

/* libxml2 would take the part before it for the whole. */
static bool has_nul(const char *text, size_t size)
{
	size_t step = character_size(text, size);

	if (step == 1)
		return memchr(text, '\0', size);
	for (size_t at = 0; at + step <= size; at += step)
		if (memcmp(text + at, "\0\0\0", step) == 0)
			return true;
	return false;
}

int vfpt_domain_check_text(const char *text, size_t size, struct vfpt_error *err)
{
	if (check_encoding(text, size, err) < 0)
		return -1;
	if (has_nul(text, size))
		return vfpt_error_set(err, VFPT_BAD_INPUT, "the document has a NUL byte in it");
	return 0;
}

int vfpt_domain_keep_declaration(struct vfpt_domain *domain, const char *text, size_t size)
{
	char declaration[DECLARATION_SIZE], encoding[ENCODING_SIZE];

	(void)read_declaration(text, size, declaration); /* one without an end is refused */
	read_encoding(declaration, encoding);
	if (!declaration[0])
		return 0;
	if (encoding[0] && strcasecmp(encoding, "utf-8") != 0)
		strcpy(declaration, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
	domain->declaration = strdup(declaration);
	return domain->declaration ? 0 : -1;
}
