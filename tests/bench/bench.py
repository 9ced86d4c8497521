"""What load tests share: a private database, the service, one run of load, and how it is told."""
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
POSTGRES_OPTIONS = ["-c shared_buffers=4GB", "-c max_wal_size=16GB", "-c checkpoint_timeout=60min", "-c jit=off",
                    "-c work_mem=64MB", "-c maintenance_work_mem=512MB"]
TICKS = os.sysconf("SC_CLK_TCK")


def say(text):
    print(text, flush=True)


def run(*words, env=None, stdin=None, stdout=subprocess.PIPE):
    done = subprocess.run(words, cwd=ROOT, env={**os.environ, **(env or {})}, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE,
                          text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{words[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def cpu_of(pids):
    """CPU seconds used so far by these processes."""
    total = 0
    for pid in pids:
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total / TICKS


def children_of(pid):
    """Its child processes; none when there are none."""
    done = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return list(map(int, done.stdout.split()))


def stolen():
    """Jiffies that the host took, and all jiffies, of this machine so far."""
    fields = list(map(int, pathlib.Path("/proc/stat").read_text(encoding="utf-8").split("\n", 1)[0].split()[1:9]))
    return fields[7], sum(fields)


def calm(measure, *words, tries=6, prepare=None, **named):
    """Measures again while the host takes more than 3 % of the machine: a virtual machine that stands still has no rate. Keeps
    the calmest try, and says so when none was calm. prepare() comes before each try."""
    best, least = None, 1.0
    for _ in range(tries):
        if prepare:
            prepare()
        before = stolen()
        value = measure(*words, **named)
        after = stolen()
        share = (after[0] - before[0]) / max(1, after[1] - before[1])
        if share <= least:
            best, least = value, share
        if share <= 0.03:
            return best
        time.sleep(5)
    say(f"  (the host took {100 * least:.0f} % of the machine even in the calmest of {tries} tries)")
    return best


class Database:
    """One private PostgreSQL for all sizes; a database a size, filled once and kept for the next run."""

    def __init__(self, state):
        self.state = str(state)
        run("tools/postgres", "start", self.state, *POSTGRES_OPTIONS)
        self.socket = run("tools/postgres", "socket", self.state).strip()

    def url(self, role, name):
        return f"host={self.socket} user={role} dbname={name}"

    def sql(self, name, text, role="postgres"):
        return run("psql", "-X", "-At", self.url(role, name), "-c", text).strip()

    def fill(self, name, members):
        if not self.sql("postgres", f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
            self.sql("postgres", f"CREATE DATABASE {name}")
        migrate = {"MIGRATE_SUPERUSER_URL": self.url("postgres", name), "MIGRATE_URL": self.url("shikaku_owner", name)}
        run("psql", "-X", "-q", self.url("postgres", name), "-f", "migrations/roles.sql")
        self.sql(name, f"GRANT CREATE ON DATABASE {name} TO shikaku_owner")
        run("migrations/migrate", env=migrate)
        say(f"filling {name} with {members} members (once)")
        run("demo/fill", str(members), env=migrate)
        self.sql(name, "VACUUM ANALYZE")
        self.sql(name, "CREATE EXTENSION IF NOT EXISTS pg_prewarm")
        self.sql(name, "SELECT sum(pg_prewarm(oid)) FROM pg_class WHERE relnamespace = 'shikaku'::regnamespace "
                       "AND relkind IN ('r', 'i')")
        self.sql(name, "CHECKPOINT")

    def pids(self):
        """The processes of this server, and of no other on the machine."""
        master = int(pathlib.Path(self.master_file()).read_text(encoding="utf-8").split("\n", 1)[0])
        return [master, *children_of(master)]

    def master_file(self):
        return self.sql("postgres", "SELECT current_setting('data_directory')") + "/postmaster.pid"


class Service:
    def __init__(self, database, name, port, settings):
        self.url = f"http://127.0.0.1:{port}"
        self.log = open(ROOT / "build" / f"bench-{name}.log", "w", encoding="utf-8")
        env = {"DATABASE_URL": database.url("shikaku_service", name), "SHIKAKU_LISTEN": f"127.0.0.1:{port}",
               "SHIKAKU_LOG_LEVEL": "warning", **settings}
        binary = os.environ.get("SHIKAKUD", str(ROOT / "build/release/shikakud"))
        self.token = run(binary, "token", "create", "--scope", "terminal", "--owner", "1319900013", "--rate", "1000000",
                         "--burst", "1000000", env=env).strip()
        self.process = subprocess.Popen([binary, "serve"], env={**os.environ, **env}, stderr=self.log)
        for _ in range(100):
            try:
                urllib.request.urlopen(self.url + "/readyz", timeout=2).close()
                return
            except OSError:
                time.sleep(0.1)
        sys.exit("the service did not become ready; see build/bench-*.log")

    def pids(self):
        return [self.process.pid]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.log.close()


def wrk(script, service, connections, seconds, database, **env):
    """One run of wrk with a script of this folder; `env` is what the script reads. Ends the program when an answer is wrong.
    None when the script ran out of what it sends."""
    postgres = database.pids()
    before = (cpu_of(service.pids()), cpu_of(postgres))
    children = os.times()
    load = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", HERE / script, service.url],
                          env={**os.environ, "TOKEN": service.token, **{key: str(value) for key, value in env.items()}},
                          capture_output=True, text=True, check=False)
    result = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)", load.stdout)
    if load.returncode == 0 and "RAN OUT" in load.stdout:
        return None
    if load.returncode != 0 or not result:
        sys.exit(f"wrk failed:\n{load.stdout}{load.stderr}")
    after = (cpu_of(service.pids()), cpu_of(postgres))
    now = os.times()
    requests, micros, p50, p99, errors, bad, taken = map(int, result.groups())
    if requests == 0:
        sys.exit(f"no answer in {seconds} seconds:\n{load.stdout}")
    if errors or bad:
        sys.exit(f"{errors} answers were errors or missing, {bad} of those looked at were wrong:\n{load.stdout}")
    return {"rate": requests / (micros / 1e6), "p50": p50 / 1000, "p99": p99 / 1000,
            "service_us": (after[0] - before[0]) / requests * 1e6, "postgres_us": (after[1] - before[1]) / requests * 1e6,
            "load_us": (now.children_user + now.children_system - children.children_user - children.children_system)
            / requests * 1e6, "requests": requests, "taken": taken}


def check(service, members, connections, seconds, database, pace=0, verify=False):
    """Checks by typed keys, another member of demo/fill on each request."""
    return wrk("check.lua", service, connections, seconds, database, MEMBERS=members, PACE=pace, VERIFY=int(verify))


def median(values):
    return statistics.median(values)


def show(name, runs):
    say(f"  {name:<34} {median([r['rate'] for r in runs]):>8.0f}/s   p50 {median([r['p50'] for r in runs]):>6.2f} ms"
        f"   p99 {median([r['p99'] for r in runs]):>6.2f} ms   CPU a check: service {median([r['service_us'] for r in runs]):>5.1f} us,"
        f" PostgreSQL {median([r['postgres_us'] for r in runs]):>5.1f} us, load {median([r['load_us'] for r in runs]):>4.1f} us")
