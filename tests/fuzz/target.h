/* What a fuzz target is, for libFuzzer and for the replay of its corpus, and what the targets share. */
#ifndef SHIKAKU_TESTS_FUZZ_TARGET_H
#define SHIKAKU_TESTS_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

#include "trust/anchors.h"

/* Aborts where what must always hold does not. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libFuzzer's: a change of its own, and the place for one of ours. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

#define MUST_HOLD(condition) must_hold((condition), #condition)
void must_hold(int holds, const char *what);

/* No log: what is refused here is refused very often. */
void fuzz_silence(void);

/* The path of a file without a disk that holds this: lists are read from paths. The next one overwrites it. */
const char *fuzz_file(struct slice content);

/* The invented anchors beside the corpora (FUZZ_ANCHORS names another folder), loaded once. Nobody has their keys. */
const struct anchors *fuzz_anchors(void);

#endif
