#include "signin/srv.h"

#include <sys/types.h>

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

bool
srv_is_host(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._";
	size_t len = strlen(text);

	return len > 0 && len < SRV_HOST_MAX && strspn(text, plain) == len &&
	    text[0] != '-' && text[0] != '.' && strstr(text, "..") == NULL;
}

/* False: the record is of no use. "." is the name of a service that is not
 * there. */
static bool
take_record(struct srv *out, const ns_msg *msg, const ns_rr *rr)
{
	const unsigned char *data = ns_rr_rdata(*rr);
	size_t len;

	if (ns_rr_type(*rr) != ns_t_srv || ns_rr_class(*rr) != ns_c_in ||
	    ns_rr_rdlen(*rr) < 7)
		return false;
	out->priority = (uint16_t)ns_get16(data);
	out->weight = (uint16_t)ns_get16(data + 2);
	out->port = (uint16_t)ns_get16(data + 4);
	if (ns_name_uncompress(ns_msg_base(*msg), ns_msg_end(*msg), data + 6,
		out->host, sizeof(out->host)) == -1)
		return false;
	len = strlen(out->host);
	if (len > 1 && out->host[len - 1] == '.')
		out->host[len - 1] = '\0';
	return out->port != 0 && srv_is_host(out->host);
}

int
srv_parse(struct srv out[SRV_MAX], size_t *count, const void *bytes, size_t len,
    struct err *e)
{
	ns_msg msg;
	ns_rr rr;

	*count = 0;
	if (len > NS_MAXMSG || ns_initparse(bytes, (int)len, &msg) == -1)
		return err_set(e, ERR_FORMAT, "DNS: an answer that is none");
	for (int i = 0; i < ns_msg_count(msg, ns_s_an); i++) {
		if (ns_parserr(&msg, ns_s_an, i, &rr) == -1)
			return err_set(e, ERR_FORMAT,
			    "DNS: an answer that is none");
		if (*count < SRV_MAX && take_record(&out[*count], &msg, &rr))
			(*count)++;
	}
	return 0;
}

/* splitmix64: good enough to spread clients over servers. */
static uint64_t
next_random(uint64_t *seed)
{
	uint64_t z = (*seed += 0x9e3779b97f4a7c15u);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static void
swap(struct srv *a, struct srv *b)
{
	struct srv t = *a;

	*a = *b;
	*b = t;
}

/* Those of weight 0 have a small chance, too. */
static unsigned
share(const struct srv *s)
{
	return s->weight == 0 ? 1 : s->weight * 16u;
}

/* The index of the next one among list[0..count), all of one priority. */
static size_t
pick(const struct srv *list, size_t count, uint64_t *seed)
{
	uint64_t total = 0, at;
	size_t i;

	for (i = 0; i < count; i++)
		total += share(&list[i]);
	if (total == 0)
		return 0;
	at = next_random(seed) % total;
	for (i = 0; i + 1 < count && at >= share(&list[i]); i++)
		at -= share(&list[i]);
	return i;
}

void
srv_order(struct srv *list, size_t count, uint64_t seed)
{
	size_t from, to;

	/* Insertion: equal priorities stay in the order they came in. */
	for (size_t i = 1; i < count; i++)
		for (size_t k = i;
		     k > 0 && list[k - 1].priority > list[k].priority; k--)
			swap(&list[k - 1], &list[k]);
	for (from = 0; from < count; from++) {
		for (to = from;
		     to < count && list[to].priority == list[from].priority;
		     to++)
			;
		swap(&list[from],
		    &list[from + pick(list + from, to - from, &seed)]);
	}
}
