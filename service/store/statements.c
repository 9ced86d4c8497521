#include "store/statements.h"

const struct statement statements[STATEMENT_COUNT] = {
#define STATEMENT(id, name, parameters, text) [STATEMENT_##id] = { name, parameters, text },
#include "sql_statements.inc"
#undef STATEMENT
};
