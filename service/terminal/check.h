/* `shikaku-terminal check`: options → (card → challenge → proof) → request → service → words and an exit code. */
#ifndef SHIKAKU_TERMINAL_CHECK_H
#define SHIKAKU_TERMINAL_CHECK_H

/* `words` is what follows `check`. Returns one of enum exit_code. */
int check_command(int count, char *const words[]);

#endif
