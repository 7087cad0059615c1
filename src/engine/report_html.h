#ifndef ROAM_ENGINE_REPORT_HTML_H
#define ROAM_ENGINE_REPORT_HTML_H

#include <stdio.h>

#include "base/err.h"
#include "engine/report.h"

/*
 * report_html - a report as one page that needs nothing else: no script, no
 * network, no other file. What needs attention comes first, then all of it as
 * a tree of directories with their sums. Names may hold any bytes.
 */
int report_html(FILE *out, const struct report *r, struct err *e) MUST_CHECK;

#endif
