/* The subcommands of shikakud. Each takes what follows its name and returns the exit code: 0 done, 1 failed (a log line said
 * why), 2 wrong usage. */
#ifndef SHIKAKU_COMMANDS_H
#define SHIKAKU_COMMANDS_H

#include "base/config.h"
#include "trust/trust.h"

int command_serve(const struct config *config);
int command_token(const struct config *config, int count, char *const words[]);
int command_card(const struct config *config, int count, char *const words[]);
/* 1: a chain of records is broken; 2 also when they cannot be read. */
int command_audit(const struct config *config, int count, char *const words[]);
/* 1: rows were refused, or it failed; 2 also when the file cannot be read. */
int command_import(const struct config *config, int count, char *const words[]);
int command_doctor(const struct config *config);

/* Where anchors and revocation lists stand; points into `config`. */
struct trust_settings trust_settings_of(const struct config *config);

#endif
