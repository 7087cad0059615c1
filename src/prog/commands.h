#ifndef ROAM_PROG_COMMANDS_H
#define ROAM_PROG_COMMANDS_H

#include "base/err.h"
#include "prog/options.h"

/* commands - one function for each row of the table in roam.c; see struct
 * command for what they return. */
int cmd_pull(const struct options *o, struct err *e);
int cmd_push(const struct options *o, struct err *e);
int cmd_sync(const struct options *o, struct err *e);
int cmd_plan(const struct options *o, struct err *e);
int cmd_status(const struct options *o, struct err *e);
int cmd_log(const struct options *o, struct err *e);
int cmd_show(const struct options *o, struct err *e);
int cmd_diff(const struct options *o, struct err *e);
int cmd_restore(const struct options *o, struct err *e);
int cmd_undo(const struct options *o, struct err *e);
int cmd_conflicts(const struct options *o, struct err *e);
int cmd_why(const struct options *o, struct err *e);
int cmd_verify(const struct options *o, struct err *e);
int cmd_gc(const struct options *o, struct err *e);
int cmd_export(const struct options *o, struct err *e);
int cmd_rules(const struct options *o, struct err *e);
int cmd_login(const struct options *o, struct err *e);
int cmd_checkpoint(const struct options *o, struct err *e);
int cmd_logout(const struct options *o, struct err *e);
int cmd_config(const struct options *o, struct err *e);
int cmd_primary(const struct options *o, struct err *e);

#endif
