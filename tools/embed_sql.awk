# Turns store/sql/*.sql into rows of a C table: STATEMENT(NAME, "name", parameter count, "text"). One statement a file; the
# first line names it and must agree with the file's name. Comments and line ends go, so that logs of the server stay short.
function finish() {
	if (file == "")
		return
	gsub(/[ \t]+/, " ", text)
	sub(/^ /, "", text)
	sub(/ $/, "", text)
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	count = 0
	rest = text
	while (match(rest, /\$[0-9]+/)) {
		number = substr(rest, RSTART + 1, RLENGTH - 1) + 0
		if (number > count)
			count = number
		rest = substr(rest, RSTART + RLENGTH)
	}
	printf "STATEMENT(%s, \"%s\", %d, \"%s\")\n", toupper(name), name, count, text
}
FNR == 1 {
	finish()
	file = FILENAME
	text = ""
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.sql$/, "", name)
	if ($0 != "-- name: " name) {
		print FILENAME ":1: expected -- name: " name > "/dev/stderr"
		exit 1
	}
	next
}
{
	sub(/[ \t]*--.*$/, "")
	text = text " " $0
}
END { finish() }
