/* フリガナ: the one spelling in which it is stored and looked for. */
#ifndef SHIKAKU_RULES_KANA_H
#define SHIKAKU_RULES_KANA_H

#include "base/arena.h"
#include "base/outcome.h"
#include "base/text.h"

/* Half-width kana and hiragana become katakana of full width, a mark of voicing joins its letter; Latin letters, signs and
 * spaces stay as they are. `*kana` points into `text` where nothing changed, else into the arena. Any other letter (漢字), a control
 * character, bad UTF-8, or a mark that belongs to no letter: OUTCOME_INVALID. */
enum outcome MUST_CHECK kana_normalise(struct arena *arena, struct slice text, struct slice *kana);

#endif
