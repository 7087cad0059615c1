#ifndef ROAM_PROG_LDAP_KDC_H
#define ROAM_PROG_LDAP_KDC_H

#include "base/buf.h"
#include "base/err.h"

/*
 * ldap_kdc - one request of Kerberos to one server, over TCP, with an end: the
 * library itself asks whom it finds, and waits for each of them.
 */
#define KDC_PORT      "88"
#define KDC_REPLY_MAX 65536 /* bytes */
#define KDC_WAIT_S    3.0   /* to connect and to be answered */

/* The reply behind out. ERR_OFFLINE where there is none in time; ERR_FORMAT
 * where it is too large. */
int ldap_kdc_ask(struct buf *out, const char *host, const void *request,
    size_t len, struct err *e) MUST_CHECK;

#endif
