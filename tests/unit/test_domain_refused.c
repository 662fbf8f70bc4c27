/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Documents that are not taken, and encodings. */
#include "domain_support.h"

#include <iconv.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

static const char *refusal_of_bytes(const char *bytes, size_t size)
{
	struct vfpt_domain *out;

	ck_assert_fails(vfpt_domain_parse(bytes, size, &out, &err), err, VFPT_BAD_INPUT);
	ck_assert_ptr_null(out);
	return err.message;
}

static const char *refusal(const char *document)
{
	return refusal_of_bytes(document, strlen(document));
}

/* --- declaration and encoding */

static const char *const declarations[] = {
	"",
	"<?xml version=\"1.0\"?>\n",
	"<?xml version='1.0'?>\n",
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n",
	"<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n",
	"<?xml  version = '1.0'  encoding='Utf-8' ?>\n",
};

START_TEST(declaration_stays_as_it_was)
{
	parse(text("%s<interface type=\"bridge\"/>\n", declarations[_i]));
	ck_assert_str_eq(print(), text("%s<interface type=\"bridge\"/>\n", declarations[_i]));
	parse(text("%s<domain><devices/></domain>", declarations[_i]));
	ck_assert_str_eq(print(), text("%s<domain><devices/></domain>\n", declarations[_i]));
}
END_TEST

START_TEST(declaration_of_a_document_with_a_byte_order_mark_stays)
{
	parse("\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?>\n<interface/>");
	ck_assert_str_eq(print(), "<?xml version='1.0' encoding='utf-8'?>\n<interface/>\n");
	parse("\xef\xbb\xbf<interface/>");
	ck_assert_str_eq(print(), "<interface/>\n");
}
END_TEST

/* In another encoding, in @bytes. @return how many */
static size_t encode(const char *encoding, const char *utf8, char bytes[4096])
{
	char *in = (char *)(uintptr_t)utf8, *out = bytes;
	size_t in_left = strlen(utf8), out_left = 4096;
	iconv_t converter = iconv_open(encoding, "UTF-8");

	ck_assert_ptr_ne(converter, (iconv_t)-1);
	ck_assert_uint_ne(iconv(converter, &in, &in_left, &out, &out_left), (size_t)-1);
	iconv_close(converter);
	ck_assert_uint_gt(out_left, 0);
	return 4096 - out_left;
}

/* VDSM reads the document as UTF-8, whatever it was. */
static const char *const encodings[] = {"UTF-16", "UTF-16LE", "UTF-16BE", "UTF-8"};

START_TEST(document_in_utf16_is_written_in_utf8)
{
	const char *utf8 = text(
		"%s<?xml version=\"1.0\" encoding=\"%s\"?>\n<domain><name>B\xc3\xbcro</name><devices>" VNIC(
			"01") "</devices></domain>\n",
		/* Without a mark nobody could tell. */
		strncmp(encodings[_i], "UTF-16", 6) == 0 && encodings[_i][6] ? "\xef\xbb\xbf" : "",
		strncmp(encodings[_i], "UTF-16", 6) == 0 ? "UTF-16" : encodings[_i]);
	char bytes[4096];
	size_t size = encode(encodings[_i], utf8, bytes);
	const char *after;

	bytes[size] = '\0';
	parse_bytes(bytes, size);
	pass_through(0, 0);
	after = print();
	ck_assert_contains(after, "<name>B\xc3\xbcro</name>");
	ck_assert_int_eq(strncmp(after, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<domain>", 47), 0);
	ck_assert_contains(canonical_interface(after, 0), "type=\"hostdev\"");
}
END_TEST

START_TEST(ascii_is_utf8)
{
	parse("<?xml version='1.0' encoding='us-ascii'?><interface/>");
	ck_assert_str_eq(print(), "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<interface/>\n");
}
END_TEST

#define ONLY(encoding) "the document's encoding is " encoding "; only UTF-8 and UTF-16 are taken"

/* Its bytes: "<?xml version='1.0' encoding='DECLARED'?><domain><devices/></domain>" in ENCODING. */
static const struct {
	const char *encoding, *declared, *message;
} refused[] = {
	{"ISO-8859-1", "ISO-8859-1", ONLY("ISO-8859-1")},
	{"ISO-8859-15", "iso-8859-15", ONLY("iso-8859-15")},
	{"windows-1252", "windows-1252", ONLY("windows-1252")},
	{"UTF-8", "IBM037", ONLY("IBM037")},
	{"UTF-8", "UTF-7", ONLY("UTF-7")},
	{"UTF-8", "ISO-2022-KR", ONLY("ISO-2022-KR")},
	{"UTF-8", "UCS-4", ONLY("UCS-4")},
	{"UTF-8", "HTML", ONLY("HTML")},
	{"UTF-8", "klingon", ONLY("klingon")},
	{"UTF-8", "a\x1b[2J\xc2\x9b", ONLY("a?[2J?")},
	{"UTF-8", "UTF-16", "the document says that its encoding is UTF-16, and it is not"},
	{"UTF-16", "UTF-8", "the document says that its encoding is UTF-8, and it is not"},
	{"UTF-16", "ISO-8859-1", ONLY("ISO-8859-1")},
	{"UTF-16BE", "IBM037", ONLY("IBM037")},
	{"UTF-32", "UTF-32", ONLY("UTF-32")},
	{"UTF-32LE", "UTF-8", ONLY("UTF-32")},
	{"UTF-32BE", "UCS-4", ONLY("UTF-32")},
};

static const char *refusal_in(const char *encoding, const char *document)
{
	char bytes[4096];
	size_t size = encode(encoding, document, bytes);

	return refusal_of_bytes(bytes, size);
}

START_TEST(document_in_another_encoding_is_refused)
{
	ck_assert_str_eq(refusal_in(refused[_i].encoding,
				 text("<?xml version='1.0' encoding='%s'?><domain><devices/></domain>",
					 refused[_i].declared)),
		refused[_i].message);
	ck_assert_str_eq(refusal_in(refused[_i].encoding, text("<?xml version=\"1.0\"\n\tencoding = \"%s\" "
							       "standalone='yes' ?><interface/>",
								  refused[_i].declared)),
		refused[_i].message);
}
END_TEST

/* What are harmless letters there are an ESC and a "[" in what libxml2 would make of it. */
START_TEST(ebcdic_is_refused)
{
	ck_assert_str_eq(
		refusal_in("IBM037", "<?xml version='1.0' encoding='IBM037'?><domain><devices/></domain>"),
		ONLY("EBCDIC"));
}
END_TEST

START_TEST(declaration_has_an_end)
{
	const char *blanks = text("%200s", "");

	parse(text("<?xml version='1.0'%s?><interface/>", blanks));
	ck_assert_str_eq(print(), text("<?xml version='1.0'%s?>\n<interface/>\n", blanks));
	ck_assert_contains(
		refusal(text("<?xml version='1.0'%s%s encoding='ISO-8859-1'?><interface/>", blanks, blanks)),
		"the XML declaration has no end within 255 characters");
	ck_assert_contains(refusal("<?xml version='1.0'"), "the XML declaration has no end");
}
END_TEST

/* --- what is refused */

static const char *const dtds[] = {
	"<!DOCTYPE domain>",
	"<!DOCTYPE domain []>",
	"<!DOCTYPE domain SYSTEM 'file:///etc/passwd'>",
	"<!DOCTYPE domain SYSTEM 'http://192.0.2.1/x.dtd'>",
	"<!DOCTYPE domain PUBLIC '-//X//Y' 'file:///etc/passwd'>",
	"<!DOCTYPE domain [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>",
	"<!DOCTYPE domain [<!ENTITY % x SYSTEM 'file:///etc/passwd'> %x;]>",
	"<!DOCTYPE domain [<!ENTITY x 'y'>]>",
	"<!DOCTYPE domain [<!ATTLIST domain type CDATA 'kvm'>]>",
	"<!DOCTYPE domain [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
	"<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;'>"
	"<!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;'><!ENTITY f '&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;'>"
	"<!ENTITY g '&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;'><!ENTITY h '&g;&g;&g;&g;&g;&g;&g;&g;&g;&g;'>"
	"<!ENTITY x '&h;&h;&h;&h;&h;&h;&h;&h;&h;&h;'>]>",
	"<!DOCTYPE domain [<!ENTITY x '&x;'>]>",
};

static xmlParserInput *load_nothing(const char *url, const char *id, xmlParserCtxt *parser)
{
	(void)id;
	(void)parser;
	ck_abort_msg("%s was to be loaded", url);
	return NULL;
}

START_TEST(document_type_declaration_is_refused_and_nothing_loaded)
{
	xmlSetExternalEntityLoader(load_nothing);
	ck_assert_str_eq(refusal(text("%s<domain><name/><devices/></domain>", dtds[_i])),
		"the document has a DTD, which is refused");
	ck_assert_str_eq(
		refusal(text("<?xml version='1.0'?>\n%s<domain><name>&x;</name><devices a='&x;'/></domain>",
			dtds[_i])),
		"the document has a DTD, which is refused");
}
END_TEST

START_TEST(inclusion_is_only_an_element)
{
	const char *document = "<domain xmlns:xi=\"http://www.w3.org/2001/XInclude\"><xi:include "
			       "href=\"file:///etc/passwd\" parse=\"text\"/><devices/></domain>\n";

	xmlSetExternalEntityLoader(load_nothing);
	parse(document);
	ck_assert_str_eq(print(), document);
}
END_TEST

static const char *const not_xml[] = {
	" ",
	"\n\n",
	"x",
	"<",
	"<domain",
	"<domain>",
	"<domain><devices></domain>",
	"<domain><devices/></domain><domain/>",
	"<domain><devices/></domain>x",
	" <?xml version='1.0'?><domain><devices/></domain>",
	"<domain><devices/>&unknown;</domain>",
	"<domain><devices a=1/></domain>",
	"<domain><devices a='1' a='2'/></domain>",
	"<domain><devices/>&#0;</domain>",
	"<domain><devices/>\x01</domain>",
	"<domain><devices/>\xff\xfe</domain>",
	"<domain><devices/>\xc3</domain>",
	"<?xml version='1.0' encoding=''?><domain><devices/></domain>",
	"<?xml version='1.0' encoding=UTF-7?><domain><devices/></domain>",
	"<!-- only a comment -->",
	"{\"json\": true}",
	"\177ELF\2\1\1",
};

START_TEST(what_is_not_xml_is_refused)
{
	const char *message = refusal(not_xml[_i]);

	ck_assert_contains(message, "the document is not XML: line ");
	ck_assert_lacks(message, "\n");
}
END_TEST

static const struct {
	const char *document, *message;
} wrong[] = {
	{"", "the document is empty"},
	{"<network/>", "the document is <network>, neither <domain> nor <interface>"},
	{"<devices><interface/></devices>", "the document is <devices>, neither <domain> nor <interface>"},
	{"<Domain><devices/></Domain>", "the document is <Domain>, neither <domain> nor <interface>"},
};

static const char *const without_devices[] = {
	"<domain/>",
	"<domain><x:devices xmlns:x='urn:x'/></domain>",
	"<domain><os><devices/></os></domain>",
};

/* It has no vNIC, and to give a VF back its id is enough. */
START_TEST(domain_without_devices_has_no_vnic_and_gets_no_vf)
{
	const struct vfpt_connection connection = {.mode = VFPT_MODE_HOSTDEV, .port_profile = ""};
	const struct vfpt_mac mac = {{2, 0, 0, 0, 0, 1}};

	parse(without_devices[_i]);
	ck_assert_uint_eq(vnic_count, 0);
	ck_assert_int_eq(vfpt_domain_add_vf(domain, &mac, &connection, &err), -1);
	ck_assert_int_eq(err.code, VFPT_BAD_INPUT);
	ck_assert_str_eq(err.message, "the domain has no <devices>");
}
END_TEST

START_TEST(wrong_document_is_refused)
{
	ck_assert_str_eq(refusal(wrong[_i].document), wrong[_i].message);
}
END_TEST

START_TEST(document_in_a_foreign_namespace_is_refused)
{
	ck_assert_contains(
		refusal("<domain xmlns='urn:x'><devices/></domain>"), "neither <domain> nor <interface>");
	ck_assert_contains(refusal("<x:interface xmlns:x='urn:x'/>"), "neither <domain> nor <interface>");
}
END_TEST

START_TEST(document_cut_off_anywhere_is_refused)
{
	size_t size;
	const char *document = sample(samples[_i], &size);

	/* The last character may miss: it is the end of the line. */
	for (size_t length = 0; length < size - 1; length++) {
		struct vfpt_domain *out;
		char *exact =
			malloc(length + 1); /* so that reading behind it is seen; a '\0' must be there */

		ck_assert_ptr_nonnull(exact);
		memcpy(exact, document, length);
		exact[length] = '\0';
		ck_assert_msg(
			vfpt_domain_parse(exact, length, &out, &err) == -1, "%zu bytes are taken", length);
		ck_assert_int_eq(err.code, VFPT_BAD_INPUT);
		free(exact);
	}
}
END_TEST

/* libxml2 could take it for the end of the text: what is behind would be lost without a word. */
START_TEST(nul_byte_anywhere_is_refused)
{
	size_t size;
	const char *document = sample("vm-four-nics.xml", &size);
	char *bytes = malloc(size + 2);

	ck_assert_ptr_nonnull(bytes);
	bytes[size + 1] = '\0';
	for (size_t at = 0; at <= size; at++) {
		struct vfpt_domain *out = NULL;

		memcpy(bytes, document, at);
		bytes[at] = '\0';
		memcpy(bytes + at + 1, document + at, size - at);
		ck_assert_msg(vfpt_domain_parse(bytes, size + 1, &out, &err) == -1,
			"a NUL byte at %zu is taken", at);
		ck_assert_int_eq(err.code, VFPT_BAD_INPUT);
	}
	free(bytes);
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
	enum { DEPTH = 100000 };
	char *bytes = malloc(DEPTH * 7 + 64);
	size_t size;

	ck_assert_ptr_nonnull(bytes);
	size = (size_t)sprintf(bytes, "<domain><devices/>");
	for (int i = 0; i < DEPTH; i++, size += 3)
		memcpy(bytes + size, "<a>", 3);
	for (int i = 0; i < DEPTH; i++, size += 4)
		memcpy(bytes + size, "</a>", 4);
	size += (size_t)sprintf(bytes + size, "</domain>");
	ck_assert_contains(refusal_of_bytes(bytes, size), "the document is not XML: ");
	free(bytes);
}
END_TEST

/* A domain of that many bytes, most of them comments. */
static char *large_document(size_t size)
{
	static const char head[] = "<domain><devices>" VNIC("01") "</devices>", tail[] = "</domain>";
	char *bytes = malloc(size + 1), *at = bytes + sizeof(head) - 1,
	     *end = bytes + size - (sizeof(tail) - 1);

	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, head, sizeof(head) - 1);
	memset(at, ' ', (size_t)(end - at));
	for (; end - at >= 1024; at += 1024) {
		memset(at, 'c', 1024);
		memcpy(at, "<!--", 4);
		memcpy(at + 1021, "-->", 3);
	}
	memcpy(end, tail, sizeof(tail));
	return bytes;
}

START_TEST(document_of_ten_mebibytes_is_taken_and_no_more)
{
	char *bytes = large_document(VFPT_DOCUMENT_MAX);

	parse_bytes(bytes, VFPT_DOCUMENT_MAX);
	pass_through(0, 100);
	ck_assert_uint_gt(strlen(print()), VFPT_DOCUMENT_MAX);
	free(bytes);
	bytes = large_document(VFPT_DOCUMENT_MAX + 1);
	ck_assert_str_eq(
		refusal_of_bytes(bytes, VFPT_DOCUMENT_MAX + 1), "the document is larger than 10 MiB");
	free(bytes);
}
END_TEST

START_TEST(thousand_vnics_are_told_apart)
{
	enum { COUNT = 1000 };
	const char *all = "", *devices = "";

	/* Pieces of fifty, so that the pieces do not grow. */
	for (unsigned i = 0; i < COUNT; i += 50) {
		const char *some = "", *known = "";

		for (unsigned n = i; n < i + 50; n++) {
			some = text(
				"%s<interface type='bridge'><mac address='02:00:00:00:%02X:%02X'/><source "
				"bridge='red'/></interface>",
				some, n / 256, n % 256);
			known = text(
				"%s<o:device mac_address='02:00:00:00:%02x:%02x'><o:network>n%u</o:network>"
				"<o:custom><o:n>%u</o:n></o:custom></o:device>",
				known, n / 256, n % 256, n, n);
		}
		devices = text("%s%s", devices, some);
		all = text("%s%s", known, all);
	}
	parse(text("<domain " OVIRT "><metadata><o:vm>%s</o:vm></metadata><devices>%s</devices></domain>",
		all, devices));
	ck_assert_uint_eq(vnic_count, COUNT);
	for (unsigned n = 0; n < COUNT; n++) {
		ck_assert_str_eq(vnics[n].network, text("n%u", n));
		ck_assert_str_eq(vnics[n].properties[0].value, text("%u", n));
		if (n % 2)
			pass_through(n, 100);
	}
	parse(print());
	ck_assert_uint_eq(vnic_count, COUNT);
	for (unsigned n = 0; n < COUNT; n++)
		ck_assert_str_eq(vnics[n].type, n % 2 ? "hostdev" : "bridge");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("domain_refused");
	TCase *tcase = domain_case(suite, "encodings");

	tcase_add_loop_test(tcase, declaration_stays_as_it_was, 0, ARRAY_SIZE(declarations));
	tcase_add_test(tcase, declaration_of_a_document_with_a_byte_order_mark_stays);
	tcase_add_loop_test(tcase, document_in_utf16_is_written_in_utf8, 0, ARRAY_SIZE(encodings));
	tcase_add_test(tcase, ascii_is_utf8);
	tcase_add_loop_test(tcase, document_in_another_encoding_is_refused, 0, ARRAY_SIZE(refused));
	tcase_add_test(tcase, ebcdic_is_refused);
	tcase_add_test(tcase, declaration_has_an_end);

	tcase = domain_case(suite, "refusals");
	tcase_add_loop_test(
		tcase, document_type_declaration_is_refused_and_nothing_loaded, 0, ARRAY_SIZE(dtds));
	tcase_add_test(tcase, inclusion_is_only_an_element);
	tcase_add_loop_test(tcase, what_is_not_xml_is_refused, 0, ARRAY_SIZE(not_xml));
	tcase_add_loop_test(
		tcase, domain_without_devices_has_no_vnic_and_gets_no_vf, 0, ARRAY_SIZE(without_devices));
	tcase_add_loop_test(tcase, wrong_document_is_refused, 0, ARRAY_SIZE(wrong));
	tcase_add_test(tcase, document_in_a_foreign_namespace_is_refused);
	tcase_add_loop_test(tcase, document_cut_off_anywhere_is_refused, 0, ARRAY_SIZE(samples));
	tcase_add_test(tcase, nul_byte_anywhere_is_refused);
	tcase_add_test(tcase, deep_nesting_is_refused);
	tcase_add_test(tcase, document_of_ten_mebibytes_is_taken_and_no_more);
	tcase_add_test(tcase, thousand_vnics_are_told_apart);
	return run_suite(suite);
}
