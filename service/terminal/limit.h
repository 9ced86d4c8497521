/* `shikaku-terminal limit`: what a patient pays for a month of care, by the service's limit query. */
#ifndef SHIKAKU_TERMINAL_LIMIT_H
#define SHIKAKU_TERMINAL_LIMIT_H

/* `words` is what follows `limit`. Returns one of enum exit_code. */
int limit_command(int count, char *const words[]);

#endif
