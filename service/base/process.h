/* The process as the system sees it. */
#ifndef SHIKAKU_BASE_PROCESS_H
#define SHIKAKU_BASE_PROCESS_H

/* Its memory is nobody else's (R2.4): it leaves no core behind, and no other process of the same user may look into it. For good, also
 * where a limit was higher; a child that runs another program starts anew. Before anything is read that has to be kept. */
void process_keep_to_itself(void);

#endif
