/* What an operator wrote is what the service does, or it does not start: base/config.c. */
#include "vectors.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"

extern char **environ;

static struct config config;
static char path[64];
static char log_path[64];
static int standard_error = -1;

/* Each test begins with no setting in the environment, an empty file, and standard error in a file of its own. */
static int begin(void **state)
{
	(void)state;
	for (char **variable = environ; *variable != NULL;) {
		char name[128];
		size_t length = strcspn(*variable, "=");
		if (length < sizeof name && (strncmp(*variable, "SHIKAKU_", 8) == 0 ||
						    strncmp(*variable, "DATABASE_URL=", 13) == 0)) {
			memcpy(name, *variable, length);
			name[length] = '\0';
			unsetenv(name);
			variable = environ;
		} else {
			variable++;
		}
	}
	(void)snprintf(path, sizeof path, "/tmp/shikaku-unit-config-XXXXXX");
	(void)snprintf(log_path, sizeof log_path, "/tmp/shikaku-unit-log-XXXXXX");
	int file = mkstemp(path);
	int log = mkstemp(log_path);
	if (file < 0 || log < 0)
		return -1;
	close(file);
	standard_error = dup(STDERR_FILENO);
	int moved = dup2(log, STDERR_FILENO);
	close(log);
	return moved < 0 ? -1 : 0;
}

static int end(void **state)
{
	(void)state;
	dup2(standard_error, STDERR_FILENO);
	close(standard_error);
	unlink(path);
	unlink(log_path);
	return 0;
}

static void write_file(const char *text)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

static const char *logged(void)
{
	static char text[16384];
	FILE *file = fopen(log_path, "re");
	assert_non_null(file);
	size_t length = fread(text, 1, sizeof text - 1, file);
	text[length] = '\0';
	assert_int_equal(fclose(file), 0);
	return text;
}

static void assert_refused_and_named(const char *named)
{
	assert_int_equal(config_read(&config, path), OUTCOME_INVALID);
	if (strstr(logged(), named) == NULL)
		fail_msg("\"%s\" is not in the log: %s", named, logged());
}

static void without_any_setting_the_defaults_hold(void **state)
{
	(void)state;
	assert_int_equal(config_read(&config, NULL), OUTCOME_OK);
	assert_string_equal(config.listen, "127.0.0.1:8080");
	assert_string_equal(config.metrics_listen, "");
	assert_string_equal(config.database_url, "");
	assert_int_equal(config.connections_max, 10000);
	assert_int_equal(config.allow_fixed_clock, 0);
}

static void the_file_is_read_as_people_write_files(void **state)
{
	(void)state;
	write_file("# Shikaku\n"
		   "\n"
		   "  listen =  [::1]:9000  \n"
		   "loops=3\r\n"
		   "\t# connections_max = 1\n"
		   "connections_max\t=\t20\n"
		   "database_url = host=/run/db user=shikaku_service options='-c a=b'\n"
		   "security_log =\n"
		   "drain_delay_ms = 5");
	assert_int_equal(config_read(&config, path), OUTCOME_OK);
	assert_string_equal(config.listen, "[::1]:9000");
	assert_int_equal(config.loops, 3);
	assert_int_equal(config.connections_max, 20);
	assert_string_equal(config.database_url, "host=/run/db user=shikaku_service options='-c a=b'");
	assert_string_equal(config.security_log, "");
	assert_int_equal(config.drain_delay_ms, 5);
	assert_int_equal(config.queue_max, 2048);
}

static void the_environment_stands_above_the_file(void **state)
{
	(void)state;
	write_file("loops = 3\nqueue_max = 7\ndatabase_url = host=file\n");
	setenv("SHIKAKU_LOOPS", "4", 1);
	setenv("SHIKAKU_LOG_LEVEL", "debug", 1);
	assert_int_equal(config_read(&config, path), OUTCOME_OK);
	assert_int_equal(config.loops, 4);
	assert_int_equal(config.queue_max, 7);
	assert_string_equal(config.log_level, "debug");
	assert_string_equal(config.database_url, "host=file");
	setenv("DATABASE_URL", "host=customary", 1);
	assert_int_equal(config_read(&config, path), OUTCOME_OK);
	assert_string_equal(config.database_url, "host=customary");
	setenv("SHIKAKU_DATABASE_URL", "host=ours", 1);
	assert_int_equal(config_read(&config, path), OUTCOME_OK);
	assert_string_equal(config.database_url, "host=ours");
}

static void a_setting_that_does_not_exist_is_named(void **state)
{
	(void)state;
	static const char *const lines[] = { "lopps = 3\n", "LOOPS = 3\n", "loops_ = 3\n", "loop = 3\n",
		"= 3\n" };
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		write_file(lines[i]);
		assert_int_equal(config_read(&config, path), OUTCOME_INVALID);
	}
	write_file("# one\nlopps = 3\n");
	assert_refused_and_named("lopps");
	assert_non_null(strstr(logged(), "line 2"));
}

static void a_line_that_is_no_setting_is_noticed(void **state)
{
	(void)state;
	write_file("listen = 127.0.0.1:9\nloops 3\n");
	assert_refused_and_named(":2:");
}

static void a_number_out_of_its_range_is_refused_with_the_range(void **state)
{
	(void)state;
	static const char *const wrong[] = { "loops = 257", "loops = -1", "connections_max = 0",
		"connections_max = 1000001", "share_port = 2", "answer_timeout_ms = 99",
		"answer_timeout_ms = 600001", "loops = 99999999999999999999",
		"loops = -99999999999999999999" };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		write_file(wrong[i]);
		if (config_read(&config, path) != OUTCOME_INVALID)
			fail_msg("taken: %s", wrong[i]);
	}
	assert_non_null(strstr(logged(), "connections_max must be a number from 1 to 1000000"));
	write_file("loops = 256\nconnections_max = 1\nanswer_timeout_ms = 600000\n");
	assert_int_equal(config_read(&config, path), OUTCOME_OK);
	assert_int_equal(config.loops, 256);
}

static void what_is_no_number_is_refused_also_from_the_environment(void **state)
{
	(void)state;
	static const char *const wrong[] = { "", "two", "2 cores", "0x2", "2.0", "1e1", "2,", "２" };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		setenv("SHIKAKU_LOOPS", wrong[i], 1);
		if (config_read(&config, NULL) != OUTCOME_INVALID)
			fail_msg("taken: \"%s\"", wrong[i]);
	}
	assert_non_null(strstr(logged(), "loops must be a number"));
}

static void a_text_that_is_too_long_is_refused_and_not_cut(void **state)
{
	(void)state;
	char value[SETTING_TEXT_MAX + 1];
	char line[sizeof value + 64];
	memset(value, 'a', sizeof value);
	value[SETTING_TEXT_MAX - 1] = '\0';
	(void)snprintf(line, sizeof line, "database_url = %s\n", value);
	write_file(line);
	assert_int_equal(config_read(&config, path), OUTCOME_OK);
	assert_string_equal(config.database_url, value);

	value[SETTING_TEXT_MAX - 1] = 'a';
	value[SETTING_TEXT_MAX] = '\0';
	(void)snprintf(line, sizeof line, "database_url = %s\n", value);
	write_file(line);
	assert_refused_and_named("database_url");
	assert_null(strstr(logged(), "aaaaaaaa")); /* it may hold a password */
	setenv("SHIKAKU_DATABASE_URL", value, 1);
	assert_int_equal(config_read(&config, NULL), OUTCOME_INVALID);
	unsetenv("SHIKAKU_DATABASE_URL");
	setenv("DATABASE_URL", value, 1);
	assert_int_equal(config_read(&config, NULL), OUTCOME_INVALID);
}

static void a_value_longer_than_a_line_of_the_reader_is_refused_and_not_cut(void **state)
{
	(void)state;
	static char line[5000];
	int head = snprintf(line, sizeof line, "database_url = ");
	memset(line + head, 'a', 4000);
	memcpy(line + head + 4000, "\nloops = 2\n", 12);
	write_file(line);
	assert_refused_and_named("database_url");
}

/* A remark is not a setting, whatever its length. */
static void a_long_remark_does_not_keep_the_service_from_starting(void **state)
{
	(void)state;
	static char text[5000];
	memset(text, 'x', 3000);
	text[0] = '#';
	memcpy(text + 3000, "\nloops = 2\n", 12);
	write_file(text);
	assert_int_equal(config_read(&config, path), OUTCOME_OK);
	assert_int_equal(config.loops, 2);
}

static void a_setting_in_the_depth_of_a_remark_stays_a_remark(void **state)
{
	(void)state;
	static char text[3000];
	/* Longer than any buffer that a line may be read into, then what looks like a setting, at every place. */
	for (size_t length = 1100; length < 1200; length++) {
		memset(text, ' ', sizeof text);
		text[0] = '#';
		memcpy(text + length, "loops = 9\n", 11);
		write_file(text);
		assert_int_equal(config_read(&config, path), OUTCOME_OK);
		assert_int_equal(config.loops, 0);
	}
}

static void a_file_that_cannot_be_read_is_noticed(void **state)
{
	(void)state;
	assert_int_equal(config_read(&config, "/nonexistent/shikaku.conf"), OUTCOME_INVALID);
	assert_non_null(strstr(logged(), "/nonexistent/shikaku.conf"));
	/* It opens, and then cannot be read: its settings would silently be the defaults. */
	assert_int_equal(config_read(&config, "/tmp"), OUTCOME_INVALID);
}

int main(void)
{
#define CONFIG_TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)
	const struct CMUnitTest tests[] = {
		CONFIG_TEST(without_any_setting_the_defaults_hold),
		CONFIG_TEST(the_file_is_read_as_people_write_files),
		CONFIG_TEST(the_environment_stands_above_the_file),
		CONFIG_TEST(a_setting_that_does_not_exist_is_named),
		CONFIG_TEST(a_line_that_is_no_setting_is_noticed),
		CONFIG_TEST(a_number_out_of_its_range_is_refused_with_the_range),
		CONFIG_TEST(what_is_no_number_is_refused_also_from_the_environment),
		CONFIG_TEST(a_text_that_is_too_long_is_refused_and_not_cut),
		CONFIG_TEST(a_value_longer_than_a_line_of_the_reader_is_refused_and_not_cut),
		CONFIG_TEST(a_long_remark_does_not_keep_the_service_from_starting),
		CONFIG_TEST(a_setting_in_the_depth_of_a_remark_stays_a_remark),
		CONFIG_TEST(a_file_that_cannot_be_read_is_noticed),
	};
	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
