/* The SQL that is compiled in: one statement a file in sql/. */
#ifndef SHIKAKU_STORE_STATEMENTS_H
#define SHIKAKU_STORE_STATEMENTS_H

struct statement {
	const char *name;
	int parameters;
	const char *text;
};

enum statement_id {
#define STATEMENT(id, name, parameters, text) STATEMENT_##id,
#include "sql_statements.inc"
#undef STATEMENT
	STATEMENT_COUNT
};

extern const struct statement statements[STATEMENT_COUNT];

#endif
