/* Content-Type and Accept against what a route takes and gives: lists of media types, separated by commas; NULL stands for
 * application/json alone. */
#ifndef SHIKAKU_API_MEDIA_TYPE_H
#define SHIKAKU_API_MEDIA_TYPE_H

#include <stddef.h>

#include "base/text.h"

#define MEDIA_TYPE_NONE ((size_t)-1)

/* Index into the list of the type of a body, MEDIA_TYPE_NONE when it is none of them. A parameter other than charset=utf-8 is
 * refused, unless the type in the list has the parameter itself ("text/csv;charset=shift_jis"). */
size_t media_type_find(struct slice content_type, const char *types);

/* Index of the first type in the list that the client would take; the first of all when it does not say. Weights are not
 * weighed: which of two forms it likes better a client says by naming one. */
size_t media_type_choose(struct slice accept, const char *types);

#endif
