/* What `shikaku-terminal version` says, and how the terminal names itself to the service. */
#ifndef SHIKAKU_TERMINAL_VERSION_H
#define SHIKAKU_TERMINAL_VERSION_H

#include "build_info.h"

#endif
