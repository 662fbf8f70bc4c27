/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Documents that are made to do harm, through the hook programs: each is answered, with a VF or with one line
 * that says why not, in bounded memory. In all of them is a vNIC that asks for a VF.
 */
#include <errno.h>
#include <iconv.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "domain.h"
#include "support.h"

#define VM       "3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01"
#define MAC      "56:6f:1a:2b:00:01"
#define DOCUMENT "tmp/document.xml"
#define SECRET   "a-secret-of-this-host"
#define TOO_LONG "the document takes too long to read, and is refused"

/* Sanitizers need more memory, and so much address space that it cannot be limited. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#endif
/* And so much time for each page of it that a part of the crowd, in percent, has to do. */
#ifdef SANITIZED
enum { MEBIBYTES = 3072, CROWD = 10 };
#else
enum { MEBIBYTES = 1024, CROWD = 100 };
#endif

/* --- growing a document */

static struct document {
	char *bytes;
	size_t size, room;
} document;

static void add_bytes(const void *bytes, size_t size)
{
	if (document.size + size > document.room) {
		document.room = (document.size + size) * 2;
		document.bytes = realloc(document.bytes, document.room);
		ck_assert_ptr_nonnull(document.bytes);
	}
	if (size > 0)
		memcpy(document.bytes + document.size, bytes, size);
	document.size += size;
}

__attribute__((format(printf, 1, 2))) static void add(const char *format, ...)
{
	char piece[1024];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(piece, sizeof(piece), format, args);
	va_end(args);
	ck_assert(length >= 0 && length < (int)sizeof(piece));
	add_bytes(piece, (size_t)length);
}

static void add_times(size_t times, const char *piece)
{
	size_t length = strlen(piece);

	while (times-- > 0)
		add_bytes(piece, length);
}

#define HEAD "<domain type='kvm' xmlns:o='" VFPT_OVIRT_NAMESPACE "'"
#define BODY                                                                                                 \
	"><uuid>" VM "</uuid><metadata><o:vm><o:device mac_address='" MAC "'><o:custom><o:passthrough>"      \
	"required</o:passthrough></o:custom></o:device></o:vm></metadata><devices><interface "               \
	"type='bridge'><mac address='" MAC                                                                   \
	"'/><model type='virtio'/><source bridge='blue'/></interface></devices>"
#define TAIL   "</domain>"
#define DOMAIN HEAD BODY TAIL

/* The domain with as many of that inside as make it @size bytes; the rest is blanks. */
static void fill(size_t size, const char *piece)
{
	size_t room = size - strlen(DOMAIN);

	add(HEAD BODY);
	add_times(room / strlen(piece), piece);
	add_times(room % strlen(piece), " ");
	add(TAIL);
	ck_assert_uint_eq(document.size, size);
}

static void new_document(void)
{
	document = (struct document){0};
}

static void free_document(void)
{
	free(document.bytes);
}

/* --- running */

static void limit(int resource, rlim_t value)
{
	struct rlimit limits;

	ck_assert_int_eq(getrlimit((__rlimit_resource_t)resource, &limits), 0);
	limits.rlim_cur = value < limits.rlim_max ? value : limits.rlim_max;
	ck_assert_int_eq(setrlimit((__rlimit_resource_t)resource, &limits), 0);
}

/* The limits keep a hook that does harm from doing it to this machine; what memory it took is looked at. */
static struct outcome hook(const char *point)
{
	const char *directory = getenv("VFPT_TEST_HOOKS");
	const char *const env[] = {
		text("VFPT_ROOT=%s", root), text("_hook_domxml=%s", in_root(DOCUMENT)), NULL};
	const char *argv[] = {NULL, NULL};
	struct rusage usage;
	struct outcome outcome;

	ck_assert_msg(directory != NULL, "VFPT_TEST_HOOKS is not set; run `meson test`");
	argv[0] = text("%s/%s/50_vfpt", directory, point);
	limit(RLIMIT_CPU, 300);
#ifndef SANITIZED
	limit(RLIMIT_AS, (rlim_t)2 * MEBIBYTES << 20);
#endif
	outcome = run(argv, env);
	limit(RLIMIT_AS, RLIM_INFINITY);
	limit(RLIMIT_CPU, RLIM_INFINITY);
	ck_assert_msg(outcome.code <= 2, "%s exits with %d: %s", point, outcome.code, outcome.err);
	ck_assert_int_eq(getrusage(RUSAGE_CHILDREN, &usage), 0);
	ck_assert_int_lt(usage.ru_maxrss >> 10, MEBIBYTES);
	ck_assert_str_eq(outcome.out, "");
	ck_assert_lacks(outcome.err, SECRET);
	return outcome;
}

/* In one line, at a hook point that makes something and at one that gives it back. */
static void refused(const char *reason)
{
	static const char *const points[] = {"before_vm_start", "after_vm_destroy"};
	const char *before;

	put_bytes(DOCUMENT, document.bytes, document.size);
	before = picture("tmp");
	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		struct outcome outcome = hook(points[i]);

		ck_assert_msg(
			outcome.code == 2, "%s exits with %d: %s", points[i], outcome.code, outcome.err);
		ck_assert_msg(count_lines(outcome.err) == 1, "not one line: \"%s\"", outcome.err);
		ck_assert_int_eq(strncmp(outcome.err, "vfpt: ", 6), 0);
		ck_assert_contains(outcome.err, reason);
		ck_assert_str_eq(picture("tmp"), before);
		ck_assert_uint_eq(entries("run/vfpt") - there_is("run/vfpt/last"), 0);
	}
}

/* The vNIC gets its VF, and the document that says so can be read, if it has not become too large by that. */
static void taken(void)
{
	struct outcome outcome;
	const char *after;
	size_t size;

	put_bytes(DOCUMENT, document.bytes, document.size);
	outcome = hook("before_vm_start");
	ck_assert_msg(outcome.code == 0, "it is refused: %s", outcome.err);
	ck_assert_uint_eq(entries("run/vfpt"), 1);
	after = get_file(DOCUMENT, &size);
	ck_assert_contains(after, "<interface type=\"hostdev\" managed=\"yes\">");
	ck_assert_lacks(after, SECRET);
	if (size > VFPT_DOCUMENT_MAX)
		put_file(DOCUMENT, DOMAIN);
	outcome = hook("after_vm_destroy");
	ck_assert_msg(outcome.code == 0, "what was written is refused: %s", outcome.err);
	ck_assert_uint_eq(entries("run/vfpt") - there_is("run/vfpt/last"), 0);
}

/* Where either will do; nothing of it stays. */
static bool is_taken(void)
{
	bool is;

	put_bytes(DOCUMENT, document.bytes, document.size);
	is = hook("before_vm_start").code == 0;
	if (there_is("run/vfpt"))
		drop("run/vfpt");
	return is;
}

/* --- entities, and what is outside the document */

#define TEN(entity)                                                                                          \
	"&" entity ";&" entity ";&" entity ";&" entity ";&" entity ";&" entity ";&" entity ";&" entity       \
	";&" entity ";&" entity ";"
#define OF_TEN(name, entity) "<!ENTITY " name " '" TEN(entity) "'>"
#define LAUGHS                                                                                               \
	"<!ENTITY a 'aaaaaaaaaa'>" OF_TEN("b", "a") OF_TEN("c", "b") OF_TEN("d", "c") OF_TEN("e", "d")       \
		OF_TEN("f", "e") OF_TEN("g", "f") OF_TEN("h", "g") OF_TEN("x", "h")

/* @: the URL of a file that must not be read */
static const char *const dtds[] = {
	"<!DOCTYPE domain [" LAUGHS "]>",
	"<!DOCTYPE domain [<!ENTITY x '&x;'>]>",
	"<!DOCTYPE domain [<!ENTITY x SYSTEM '@'>]>",
	"<!DOCTYPE domain [<!ENTITY x PUBLIC '-//x//y' '@'>]>",
	"<!DOCTYPE domain [<!ENTITY % x SYSTEM '@'> %x;]>",
	"<!DOCTYPE domain [<!ENTITY x SYSTEM '@' NDATA y><!NOTATION y SYSTEM '@'>]>",
	"<!DOCTYPE domain SYSTEM '@'>",
	"<!DOCTYPE domain PUBLIC '-//x//y' '@'>",
	"<!DOCTYPE domain SYSTEM '@' [<!ENTITY x 'y'>]>",
	"<!DOCTYPE domain SYSTEM 'http://192.0.2.1/x.dtd'>",
};

/* Would it be opened, the hook would wait for ever. */
static const char *fifo(void)
{
	if (!there_is("fifo"))
		ck_assert_int_eq(mkfifo(in_root("fifo"), 0644), 0);
	return text("file://%s/fifo", root);
}

static const char *secret(void)
{
	put_file("secret", SECRET);
	return text("file://%s/secret", root);
}

START_TEST(entities_are_refused_and_nothing_is_loaded)
{
	const char *const urls[] = {secret(), fifo()};

	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		const char *dtd = strchr(dtds[_i], '@') ? replaced(dtds[_i], "@", urls[i]) : dtds[_i];

		document.size = 0;
		add_bytes(dtd, strlen(dtd));
		add(HEAD " title='&x;'" BODY "<title>&x;</title>" TAIL);
		refused("the document has a DTD, which is refused\n");
	}
}
END_TEST

/* One entity, large and named often. */
START_TEST(quadratic_bomb_is_refused)
{
	add("<!DOCTYPE domain [<!ENTITY x '");
	add_times(50000, "xxxxxxxxxx");
	add("'>]>" HEAD BODY "<title>");
	add_times(100000, "&x;");
	add("</title>" TAIL);
	refused("the document has a DTD, which is refused\n");
}
END_TEST

START_TEST(entity_that_nobody_declared_is_refused)
{
	add(HEAD BODY "<title>&x;</title>" TAIL);
	refused("the document is not XML: line 1: Entity 'x' not defined\n");
}
END_TEST

START_TEST(inclusion_is_left_as_it_is)
{
	add(HEAD " xmlns:xi='http://www.w3.org/2001/XInclude'" BODY
		 "<xi:include href='%s' parse='text'/><xi:include href='%s'/>" TAIL,
		secret(), fifo());
	taken();
	ck_assert_contains(get_file(DOCUMENT, NULL), "parse=\"text\"/>");
}
END_TEST

START_TEST(stylesheet_and_schema_are_not_loaded)
{
	const char *url = fifo(), *after;

	add("<?xml-stylesheet type='text/xsl' href='%s'?><?xml-model href='%s'?>" HEAD
	    " xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:noNamespaceSchemaLocation='%s'" BODY
			TAIL,
		url, url, url);
	taken();
	after = strstr(get_file(DOCUMENT, NULL), "<?xml-stylesheet");
	ck_assert_ptr_nonnull(after);
	ck_assert_lacks(after + 1, "<?xml-stylesheet"); /* it is no XML declaration */
}
END_TEST

/* libxml2 writes such a name as it is, and "<" in it is no XML. */
START_TEST(strange_name_of_a_namespace_stays_xml)
{
	add(HEAD " xmlns:s='a&lt;b&amp;c&#10;d' s:e='f'" BODY TAIL);
	taken();
	ck_assert_contains(get_file(DOCUMENT, NULL), " xmlns:s=\"a&#60;b&#38;c&#10;d\"");
}
END_TEST

/* --- large documents */

/* What ten mebibytes can be full of. */
static const char *const fillings[] = {
	"<!-- a comment of some length, as an administrator might have written it -->",
	"<a/>",
	"\n<a/>",
	"<a b='c' d='e'/>",
	"<a xmlns='u'/>",
	"<![CDATA[x]]>",
	"<?a b?>",
	"&#65;<b/>",
	"<interface/>",
	"<o:device mac_address='" MAC "'/>",
};

START_TEST(document_of_ten_mebibytes_is_taken)
{
	fill((size_t)VFPT_DOCUMENT_MAX * CROWD / 100, fillings[_i]);
	taken();
}
END_TEST

START_TEST(document_of_a_byte_more_is_refused)
{
	fill(VFPT_DOCUMENT_MAX + 1, fillings[_i]);
	refused("is larger than 10 MiB\n");
}
END_TEST

/* One part of it has all these bytes. Of some libxml2 says that they are too long. */
static const struct {
	const char *begin, *end, *reason;
} giants[] = {
	{HEAD BODY "<title>", "</title>" TAIL, NULL},
	{HEAD BODY "<!--", "-->" TAIL, NULL},
	{HEAD BODY "<?x ", "?>" TAIL, NULL},
	{HEAD BODY "<![CDATA[", "]]>" TAIL, NULL},
	{HEAD " title='", "'" BODY TAIL, "the document is not XML: line 1: "},
	{HEAD BODY "<x", "/>" TAIL, "the document is not XML: line 1: "},
	{HEAD " x", "=''" BODY TAIL, "the document is not XML: line 1: "},
	{HEAD " xmlns:o2='", "'" BODY TAIL, "the document is not XML: line 1: "},
	{"<", ">", "the document is not XML: line 1: "},
	{"<?xml version='1.0' encoding='", "'?>" DOMAIN, "the document is not XML: line 1: "},
	{"<!DOCTYPE ", ">" DOMAIN, "the document is not XML: line 1: "},
};

START_TEST(large_part_of_a_document_is_taken_or_refused)
{
	/* libxml2 takes 10,000,000 bytes for one. */
	size_t size = giants[_i].reason ? 10200000 : 9900000;

	add("%s", giants[_i].begin);
	add_times(size, "x");
	add("%s", giants[_i].end);
	if (giants[_i].reason)
		refused(giants[_i].reason);
	else
		taken();
}
END_TEST

/* --- many of something */

static void add_vnic(unsigned n, const char *passthrough, bool metadata)
{
	if (metadata)
		add("<o:device mac_address='02:00:00:00:%02x:%02x'><o:network>blue</o:network><o:custom>"
		    "<o:passthrough>%s</o:passthrough><o:vf_rate>1000</o:vf_rate></o:custom></o:device>",
			n / 256, n % 256, passthrough);
	else
		add("<interface type='bridge'><mac address='02:00:00:00:%02X:%02X'/><model type='virtio'/>"
		    "<source bridge='blue'/><alias name='ua-%u'/></interface>",
			n / 256, n % 256, n);
}

static void thousand_vnics(const char *passthrough)
{
	add(HEAD "><uuid>" VM "</uuid><metadata><o:vm>");
	for (unsigned n = 0; n < 1000; n++)
		add_vnic(n, passthrough, true);
	add("</o:vm></metadata><devices>");
	for (unsigned n = 1000; n-- > 0;)
		add_vnic(n, passthrough, false);
	add("</devices>" TAIL);
	put_bytes(DOCUMENT, document.bytes, document.size);
}

/* Network blue has seven VFs. */
START_TEST(thousand_vnics_get_what_there_is)
{
	struct outcome outcome;

	thousand_vnics("preferred");
	outcome = hook("before_vm_start");
	ck_assert_msg(outcome.code == 0, "it is refused: %s", outcome.err);
	ck_assert_uint_eq(entries("run/vfpt"), 7);
	ck_assert_contains(outcome.err, "no free VF: ens1f0 has 7 VFs, 7 assigned to VMs");
	outcome = hook("after_vm_destroy");
	ck_assert_int_eq(outcome.code, 0);
	ck_assert_uint_eq(entries("run/vfpt") - there_is("run/vfpt/last"), 0);
}
END_TEST

START_TEST(thousand_vnics_get_all_or_nothing)
{
	struct outcome outcome;
	const char *before, *line;

	thousand_vnics("required");
	before = picture("tmp");
	outcome = hook("before_vm_start");
	ck_assert_int_eq(outcome.code, 2);
	/* There is no plan, so nothing was done that would have to be put back. */
	ck_assert_uint_eq(count_lines(outcome.err), 1);
	line = strstr(outcome.err, "vfpt: ");
	ck_assert_ptr_nonnull(line);
	ck_assert_uint_eq(count_lines(line), 1);
	ck_assert_contains(line, "no free VF: ens1f0 has 7 VFs, 7 assigned to VMs");
	ck_assert_str_eq(picture("tmp"), before);
	ck_assert_uint_eq(entries("run/vfpt") - there_is("run/vfpt/last"), 0);
}
END_TEST

START_TEST(thousand_vnics_without_property_are_left_alone)
{
	const char *before;

	thousand_vnics("off");
	before = picture("tmp");
	ck_assert_int_eq(hook("before_vm_start").code, 0);
	ck_assert_str_eq(picture("tmp"), before);
}
END_TEST

/* %u: a number, each time another */
static const struct {
	unsigned count;
	const char *begin, *piece, *end;
} crowds[] = {
	{10000, HEAD, " a%u='b'", BODY TAIL},
	{20000, HEAD, " xmlns:a%u='u%u'", BODY TAIL},
	{50000, HEAD BODY, "<a%u/>", TAIL},
	{20000, HEAD BODY, "<o:device mac_address='02:00:00:00:00:00' alias='%u'/>", TAIL},
	{50000,
		HEAD "><metadata><o:vm><o:device mac_address='" MAC "'><o:custom><o:passthrough>required"
		     "</o:passthrough>",
		"<o:p%u>x</o:p%u>",
		"</o:custom></o:device></o:vm></metadata><uuid>" VM
		"</uuid><devices><interface type='bridge'>"
		"<mac address='" MAC
		"'/><model type='virtio'/><source bridge='blue'/></interface></devices>" TAIL},
	{5000, HEAD BODY "<x>", "<x%u>", ""},
};

START_TEST(many_of_something_are_taken_or_refused)
{
	bool open = crowds[_i].end[0] == '\0';

	add("%s", crowds[_i].begin);
	for (unsigned n = 0; n < crowds[_i].count / 100 * CROWD; n++) {
		const char *piece = crowds[_i].piece;

		for (const char *at; (at = strstr(piece, "%u")); piece = at + 2)
			add("%.*s%u", (int)(at - piece), piece, n);
		add("%s", piece);
	}
	add("%s", crowds[_i].end);
	if (open)
		refused("the document is not XML: line 1: ");
	else
		taken();
}
END_TEST

/* libxml2 2.9 compares each with all others, and takes minutes for that; later ones do not. */
START_TEST(hundred_thousand_attributes_do_not_take_for_ever)
{
	struct outcome outcome;

	add(HEAD);
	for (unsigned n = 0; n < 1000 * CROWD; n++)
		add(" a%u=''", n);
	add(BODY TAIL);
	put_bytes(DOCUMENT, document.bytes, document.size);
	outcome = hook("before_vm_start");
	if (outcome.code == 0)
		return;
	ck_assert_int_eq(outcome.code, 2);
	ck_assert_uint_eq(count_lines(outcome.err), 1);
	ck_assert_contains(outcome.err, TOO_LONG);
	ck_assert_uint_eq(entries("run/vfpt") - there_is("run/vfpt/last"), 0);
}
END_TEST

static const unsigned depths[] = {200, 100000};

START_TEST(deep_nesting_is_taken_up_to_a_bound)
{
	add(HEAD BODY);
	add_times(depths[_i], "<a>");
	add_times(depths[_i], "</a>");
	add(TAIL);
	if (depths[_i] < 256)
		taken();
	else
		refused("the document is not XML: line 1: Excessive depth in document: 256");
}
END_TEST

/* --- bytes */

static const size_t places[] = {0, 1, 5, 100, 300, sizeof(DOMAIN) - 2, sizeof(DOMAIN) - 1};

START_TEST(nul_byte_is_refused)
{
	for (unsigned count = 1; count <= 4096; count *= 16) {
		document.size = 0;
		add_bytes(DOMAIN, places[_i]);
		for (unsigned n = 0; n < count; n++)
			add_bytes("", 1);
		add("%s", &DOMAIN[places[_i]]);
		refused("vfpt: ");
	}
}
END_TEST

/* What a document may not hold, in a text and in an attribute. */
static const char *const invalid[] = {
	"\xff",
	"\x80",
	"\xc3",
	"\xc0\xbc",
	"\xe0\x80\xbc",
	"\xed\xa0\x80",
	"\xed\xa0\x80\xed\xb0\x80",
	"\xef\xbf\xbf",
	"\xf4\x90\x80\x80",
	"\xf8\x88\x80\x80\x80",
	"\xe9t\xe9",
	"\x01",
	"\x1b[2J",
	"\x7f\x08\x08",
	"\xff\xfe",
	"&#0;",
	"&#8;",
	"&#xd800;",
	"&#xffff;",
	"&#x110000;",
	"&#99999999999;",
};

START_TEST(invalid_characters_are_refused)
{
	add(HEAD BODY "<title>%s</title>" TAIL, invalid[_i]);
	refused("the document is not XML: line 1: ");
	document.size = 0;
	add(HEAD " title='%s'" BODY TAIL, invalid[_i]);
	refused("the document is not XML: line 1: ");
	document.size = 0;
	add(HEAD BODY "<title%s/>" TAIL, invalid[_i]);
	refused("the document is not XML: line 1: ");
}
END_TEST

/* --- encodings */

/* @return false where this machine does not know it */
static bool encode(const char *encoding, const char *bytes)
{
	iconv_t converter = iconv_open(encoding, "UTF-8");
	char out[8192], *in = (char *)(uintptr_t)bytes, *at = out;
	size_t in_left = strlen(bytes), out_left = sizeof(out);

	if (converter == (iconv_t)-1)
		return false;
	ck_assert_msg(iconv(converter, &in, &in_left, &at, &out_left) != (size_t)-1, "%s: %s", encoding,
		strerror(errno));
	iconv_close(converter);
	add_bytes(out, sizeof(out) - out_left);
	return true;
}

#define DECLARED(encoding) "<?xml version='1.0' encoding='" encoding "'?>"
#define CAFE               "caf\u00e9"
#define TITLED             HEAD BODY "<title>" CAFE "</title>" TAIL

#define ONLY(encoding) "the document's encoding is " encoding "; only UTF-8 and UTF-16 are taken"
#define NO_XML         "the document is not XML: line 1: "

/* How the bytes are, what stands in front of them, and what comes of it. */
static const struct {
	const char *encoding, *text, *refusal; /* NULL: it is taken */
} encodings[] = {
	{"UTF-8", TITLED, NULL},
	{"UTF-8", "\ufeff" DECLARED("UTF-8") TITLED, NULL},
	{"UTF-8", DECLARED("US-ASCII") DOMAIN, NULL},
	{"UTF-16LE", "\ufeff" TITLED, NULL},
	{"UTF-16BE", "\ufeff" DECLARED("UTF-16") TITLED, NULL},
	{"UTF-16LE", DECLARED("UTF-16") TITLED, NULL},
	{"UTF-16LE", TITLED, NO_XML},
	{"UTF-16LE", "\ufeff" DECLARED("ISO-8859-1") TITLED, ONLY("ISO-8859-1")},
	{"UTF-8", DECLARED("UTF-16") TITLED, "the document says that its encoding is UTF-16, and it is not"},
	{"ISO-8859-1", DECLARED("ISO-8859-1") TITLED, ONLY("ISO-8859-1")},
	{"ISO-8859-1", TITLED, NO_XML},
	{"ISO-8859-1", DECLARED("UTF-8") TITLED, NO_XML},
	{"UTF-32LE", DECLARED("UCS-4") TITLED, ONLY("UTF-32")},
	{"UTF-32BE", DECLARED("UCS-4") TITLED, ONLY("UTF-32")},
	{"UTF-32LE", "\ufeff" TITLED, ONLY("UTF-32")},
	{"IBM037", DECLARED("IBM037") TITLED, ONLY("EBCDIC")},
	{"IBM037", DECLARED("UTF-8") TITLED, ONLY("EBCDIC")},
	{"IBM037", TITLED, NO_XML},
	{"UTF-8", DECLARED("IBM037") DOMAIN, ONLY("IBM037")},
	{"UTF-8", DECLARED("UTF-7") DOMAIN, ONLY("UTF-7")},
	{"UTF-7", DECLARED("UTF-7") TITLED, NO_XML},
	{"SHIFT_JIS", DECLARED("SHIFT_JIS") DOMAIN, ONLY("SHIFT_JIS")},
	{"GB18030", DECLARED("GB18030") TITLED, ONLY("GB18030")},
	{"UTF-8", DECLARED("klingon") TITLED, ONLY("klingon")},
	{"UTF-8", DECLARED("") TITLED, NO_XML},
};

START_TEST(encoding_is_understood_or_refused)
{
	const char *refusal = encodings[_i].refusal;

	if (!encode(encodings[_i].encoding, encodings[_i].text))
		return;
	if (refusal) {
		refused(refusal);
		return;
	}
	taken();
	if (strstr(encodings[_i].text, CAFE))
		ck_assert_contains(get_file(DOCUMENT, NULL), "<title>" CAFE "</title>");
}
END_TEST

/* Behind a document in which nothing is wrong: U+0000 and more, halves of a pair, half a character. */
static const struct {
	const char *bytes;
	size_t size;
	bool refused;
} tails[] = {{"\0\0<\0a\0/\0>\0", 10, true}, {"\0\xdc<\0", 4, true}, {"\xff\xfe", 2, true},
	{"\0\xd8", 2, false}, {"<", 1, false}};

START_TEST(invalid_utf16_behind_the_document_does_no_harm)
{
	if (!encode("UTF-16LE", "\ufeff" DOMAIN))
		return;
	add_bytes(tails[_i].bytes, tails[_i].size);
	if (tails[_i].refused || !is_taken())
		refused("vfpt: ");
	else
		taken();
}
END_TEST

static TCase *hostile_case(Suite *suite, const char *name)
{
	TCase *tcase = new_case(suite, name, host_setup);

	tcase_add_checked_fixture(tcase, new_document, free_document);
	tcase_set_timeout(tcase, 60);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("hostile");
	TCase *tcase = hostile_case(suite, "what is outside");

	tcase_add_loop_test(tcase, entities_are_refused_and_nothing_is_loaded, 0, ARRAY_SIZE(dtds));
	tcase_add_test(tcase, quadratic_bomb_is_refused);
	tcase_add_test(tcase, entity_that_nobody_declared_is_refused);
	tcase_add_test(tcase, inclusion_is_left_as_it_is);
	tcase_add_test(tcase, stylesheet_and_schema_are_not_loaded);
	tcase_add_test(tcase, strange_name_of_a_namespace_stays_xml);

	tcase = hostile_case(suite, "much of it");
	tcase_add_loop_test(tcase, document_of_ten_mebibytes_is_taken, 0, ARRAY_SIZE(fillings));
	tcase_add_loop_test(tcase, document_of_a_byte_more_is_refused, 0, ARRAY_SIZE(fillings));
	tcase_add_loop_test(tcase, large_part_of_a_document_is_taken_or_refused, 0, ARRAY_SIZE(giants));

	tcase = hostile_case(suite, "many of them");
	tcase_add_test(tcase, thousand_vnics_get_what_there_is);
	tcase_add_test(tcase, thousand_vnics_get_all_or_nothing);
	tcase_add_test(tcase, thousand_vnics_without_property_are_left_alone);
	tcase_add_loop_test(tcase, many_of_something_are_taken_or_refused, 0, ARRAY_SIZE(crowds));
	tcase_add_test(tcase, hundred_thousand_attributes_do_not_take_for_ever);
	tcase_add_loop_test(tcase, deep_nesting_is_taken_up_to_a_bound, 0, ARRAY_SIZE(depths));

	tcase = hostile_case(suite, "bytes");
	tcase_add_loop_test(tcase, nul_byte_is_refused, 0, ARRAY_SIZE(places));
	tcase_add_loop_test(tcase, invalid_characters_are_refused, 0, ARRAY_SIZE(invalid));
	tcase_add_loop_test(tcase, encoding_is_understood_or_refused, 0, ARRAY_SIZE(encodings));
	tcase_add_loop_test(tcase, invalid_utf16_behind_the_document_does_no_harm, 0, ARRAY_SIZE(tails));
	return run_suite(suite);
}
