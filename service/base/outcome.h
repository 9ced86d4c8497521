/* What a function that can fail answers. One list for the whole service; who understands a failure reports it. */
#ifndef SHIKAKU_BASE_OUTCOME_H
#define SHIKAKU_BASE_OUTCOME_H

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, args_at) __attribute__((format(printf, format_at, args_at)))

enum outcome {
	OUTCOME_OK = 0,
	OUTCOME_NO_MEMORY, /* an arena or a buffer reached its stated maximum, or malloc failed */
	OUTCOME_INVALID, /* the input is not what it should be */
	OUTCOME_NOT_FOUND, /* nothing by that name */
	OUTCOME_REFUSED, /* understood, and not to be done; who refuses says why beside it */
	OUTCOME_CONFLICT, /* the database refused: it would contradict what is stored */
	OUTCOME_BUSY, /* a bound was reached: try again later */
	OUTCOME_UNAVAILABLE, /* the database or another system is away */
	OUTCOME_LATE, /* the deadline has passed */
	OUTCOME_INTERNAL, /* a fault of ours, or an answer that we do not understand */
};

#endif
