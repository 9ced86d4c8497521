/* `shikaku-terminal doctor`: is this desk ready to ask? A line a finding, for a receptionist. */
#ifndef SHIKAKU_TERMINAL_DOCTOR_H
#define SHIKAKU_TERMINAL_DOCTOR_H

/* `words` is what follows `doctor`. Returns 0 when nothing is wrong, else the exit code of the first finding that is. */
int doctor_command(int count, char *const words[]);

#endif
