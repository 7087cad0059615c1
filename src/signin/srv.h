#ifndef ROAM_SIGNIN_SRV_H
#define ROAM_SIGNIN_SRV_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * srv - servers as DNS names them (RFC 2782): an answer's bytes to a list, and
 * a list to the order in which they are tried.
 */
#define SRV_HOST_MAX 256 /* bytes, with the NUL */
#define SRV_MAX      64  /* servers that are looked at; the rest are left out */

struct srv {
	uint16_t priority, weight, port;
	char host[SRV_HOST_MAX]; /* letters, digits, '-', '_' and '.' */
};

/*
 * The SRV records of an answer of DNS, at most SRV_MAX, to out; *count tells
 * how many, 0 where there is no such service. Records whose name no host can
 * have are passed over. ERR_FORMAT where bytes are no answer.
 */
int srv_parse(struct srv out[SRV_MAX], size_t *count, const void *bytes,
    size_t len, struct err *e) MUST_CHECK;

/*
 * By priority, lowest first; within one, by chance, in proportion to weight.
 * seed decides: the same one gives the same order.
 */
void srv_order(struct srv *list, size_t count, uint64_t seed);

/* Is text the name of a host as DNS has it? */
bool srv_is_host(const char *text);

#endif
